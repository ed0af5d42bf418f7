"""What is wrong with this edge now."""

import msgspec

from server.rights import READ
from server.watch.findings import Finding
from server.web.api.endpoint import Call, Endpoint, Listing


class FindingList(msgspec.Struct):
    """rows: the worst first, and of these the oldest; empty when all is well."""

    rows: list[Finding]


async def everything(call: Call) -> FindingList:
    """What is wrong, or what staff should know: cause, cure, and since when."""
    return FindingList(call.parts.findings.all())


ENDPOINTS = [
    Endpoint("GET", "/api/v1/findings", everything, READ, "What is wrong now", Listing, answer=FindingList)
]
