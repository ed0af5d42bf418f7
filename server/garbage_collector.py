"""Python's garbage collector, set for a process that lives long and makes many values that die young."""

import gc

YOUNG = 50_000  # new containers, less those that were freed, before it looks for cycles among them
MIDDLE, OLD = 20, 50  # such looks before it also looks at what outlived one look, and two


def settle() -> None:
    """Call this when everything that stays is loaded.

    The collector never looks at that again, which would be the most expensive part of a look. It rarely
    looks at the values of a burst, which reference counts free. By default a third of the time of a burst
    went there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
