"""How far the cloud is."""

import msgspec

from server.rights import READ
from server.web.api.endpoint import Call, Endpoint


class SyncState(msgspec.Struct):
    """mode: off or aws. waiting: events not confirmed by the cloud. chunks: sealed, unsent.

    Moments are ms since 1970 UTC. units: DynamoDB writes of 1 KB a second, in use and allowed.
    error: a sentence while the cloud is not reached.
    """

    mode: str
    waiting: int = 0
    chunks: int = 0
    oldest_at: int | None = None
    last_sent_at: int | None = None
    units_per_s: float = 0.0
    write_units: float = 0.0
    error: str | None = None


async def state(call: Call) -> SyncState:
    """The backlog."""
    return msgspec.convert(call.parts.cloud.status(), SyncState)


ENDPOINTS = [Endpoint("GET", "/api/v1/sync", state, READ, "How far the cloud is", answer=SyncState)]
