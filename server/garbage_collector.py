"""Python's garbage collector, set for a process that lives long and makes many values that die young."""

import gc

YOUNG = 50_000  # containers more than were freed, before it looks for cycles among them
MIDDLE, OLD = 20, 50  # how many such looks until it looks at those that outlived one, and two


def settle() -> None:
    """Call once everything that stays is loaded.

    It is never looked at again, which a look costs most for, and values of a burst, which reference
    counts free, are rarely looked at. By default a third of the time of a burst went there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
