"""The rights to publish and to read: mosquitto's password file and rights, from the device register."""

from collections.abc import Iterable

from firmware.wire import topics

EDGE_USER = "_edge"  # no device can have this name: it begins with an underscore
FOREIGN_USER = "_edge-json"  # the edge's second session


def passwords(edge_hash: str, credentials: Iterable[tuple[str, str]]) -> str:
    """The password file: the edge's own accounts, then each device; hashes in mosquitto's form."""
    own = ((EDGE_USER, edge_hash), (FOREIGN_USER, edge_hash))
    lines = [f"{name}:{hashed}" for name, hashed in (*own, *credentials)]
    return "\n".join(lines) + "\n"


def rights(site: str) -> str:
    """The rights file: the edge may use everything of BW-1, a device only its own topics (%u: its name)."""
    own = [f"pattern write {topics.topic(site, '%u', leaf)}" for leaf in topics.TO_EDGE]
    own += [f"pattern read {topics.topic(site, '%u', leaf)}" for leaf in topics.TO_BOARD]
    edge = [f"user {EDGE_USER}", f"topic readwrite {topics.ROOT}/#"]
    foreign = [f"user {FOREIGN_USER}", f"topic read {topics.topic(site, '+', 'json')}"]
    return "\n".join([*edge, "", *foreign, "", *own, ""])
