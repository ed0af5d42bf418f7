"""The state of the way to the cloud."""

from server.rights import READ
from server.watch.cloud_status import CloudStatus
from server.web.api.endpoint import Call, Endpoint


async def state(call: Call) -> CloudStatus:
    """The backlog."""
    return call.parts.cloud.status()


ENDPOINTS = [Endpoint("GET", "/api/v1/sync", state, READ, "How far the cloud is", answer=CloudStatus)]
