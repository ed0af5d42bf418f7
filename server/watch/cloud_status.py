"""The state of the way to the cloud, for pages, metrics and the interface."""

import msgspec


class CloudStatus(msgspec.Struct, frozen=True):
    """How far the cloud is behind.

    mode: off or aws. waiting: events that the cloud has not confirmed. chunks: sealed ones that are not sent.
    oldest_at: when the oldest waiting event came or was sealed; last_sent_at: when the newest chunk was
    confirmed; both ms since 1970 UTC, null for none. units_per_s, write_units: DynamoDB writes of 1 KB per
    second, used over the last minute and allowed. error: a sentence while the cloud is not reached.
    """

    mode: str
    waiting: int = 0
    chunks: int = 0
    oldest_at: int | None = None
    last_sent_at: int | None = None
    units_per_s: float = 0.0
    write_units: float = 0.0
    error: str | None = None
