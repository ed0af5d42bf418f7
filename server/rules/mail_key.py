"""The key of a mail: what it is about. With its rule and recipient it is unique in the outbox.

    till-1/7/42          an event: its identity
    till-1/7/42 C17      an entry: the event, and the key that entered a ranking by it
    hour:1795812070000   a digest: its period, and when that ends (ms since 1970 UTC)
    nobody:1795812070000 those of a day for whom no address is known: when the day ends (ms since 1970 UTC)
    silent:till-1:17958  a silence: its first device, and when that was heard last (ms since 1970 UTC)

Keys are made only here, and told apart by these beginnings.
"""

DIGESTS = ("hour:", "day:")
NOBODY = "nobody:"
GATHERED = (*DIGESTS, NOBODY)  # one mail counts many matches
SILENCE = "silent:"


def entry(identity: str, key: str) -> str:
    """The key of a mail about `key`, which entered by the event of this identity."""
    return f"{identity} {key}"


def digest(period: str, end_at: int) -> str:
    """The key of the mail of a period (`hour` or `day`), which ends at `end_at`."""
    return f"{period}:{end_at}"


def nobody(end_at: int) -> str:
    """The key of the row of a day, which ends at `end_at`, for those for whom no address is known."""
    return f"{NOBODY}{end_at}"


def silence(device: str, heard_at: int) -> str:
    """The key of a mail about devices that are silent, of which `device` is the first."""
    return f"{SILENCE}{device}:{heard_at}"
