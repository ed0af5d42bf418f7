"""How far the cloud is, as pages, metrics and the interface tell it."""

import msgspec


class CloudStatus(msgspec.Struct, frozen=True):
    """mode: off or aws. waiting: events that the cloud has not confirmed. chunks: sealed, unsent.

    oldest_at: of the oldest that waits; last_sent_at: of the newest that was confirmed; ms since 1970 UTC,
    null for none. units_per_s, write_units: DynamoDB writes of 1 KB per second, in use over the last minute
    and allowed. error: a sentence while the cloud is not reached.
    """

    mode: str
    waiting: int = 0
    chunks: int = 0
    oldest_at: int | None = None
    last_sent_at: int | None = None
    units_per_s: float = 0.0
    write_units: float = 0.0
    error: str | None = None
