"""What the table must be like, and how one that exists differs from that. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from server.settings import CloudSection

UNITS = 25  # reads, and writes, per second that AWS gives for free
EXPIRY = "x"  # the attribute of the time-to-live, in seconds since 1970
TYPES = {"S": "text", "N": "number", "B": "bytes"}
ROLES = {"HASH": "partition key", "RANGE": "sort key"}


class KeyPart(NamedTuple):
    """An attribute of a table's key. name: of the attribute. type: one of TYPES. role: one of ROLES."""

    name: str
    type: str
    role: str

    def __str__(self) -> str:
        return f"{self.name} ({TYPES[self.type]}, {ROLES[self.role]})"


class Shape(NamedTuple):
    """What a table is like.

    key: its attributes, the partition key first. on_demand: whether AWS charges each read and write, instead
    of a capacity that is provisioned. reads, writes: this capacity, units per second; 0 on demand. expiry:
    the attribute of its time-to-live, "" when that is off.
    """

    key: tuple[KeyPart, ...]
    on_demand: bool
    reads: int
    writes: int
    expiry: str

    @property
    def is_ours(self) -> bool:
        """Whether it can hold what Boardwalk writes; a table with another key belongs to something else."""
        return self.key == KEY


KEY = (KeyPart("pk", "S", "HASH"), KeyPart("sk", "S", "RANGE"))


def differences(shape: Shape, cloud: CloudSection) -> Iterator[str]:
    """What differs from what Boardwalk needs, each with its cure; a time-to-live that is off is not told.

    Of a table with another key nothing else is told, because the cure is another table.
    """
    if not shape.is_ours:
        yield (
            f"Its key is {_listed(shape.key)}, and Boardwalk needs {_listed(KEY)}. The key of a table cannot "
            "be changed: name another table in [cloud] table, and run this command again. This table was "
            "left as it is."
        )
        return
    reads, writes = max(UNITS, shape.reads), max(UNITS, shape.writes, cloud.write_units)
    units = f"--provisioned-throughput ReadCapacityUnits={reads},WriteCapacityUnits={writes}"
    if shape.on_demand:
        yield (
            "It is on demand, where AWS charges each read and write. Boardwalk keeps to a provisioned "
            f"capacity, of which {UNITS} reads and {UNITS} writes per second are free. Change it: "
            f"{_aws('update-table', cloud)} --billing-mode PROVISIONED {units}"
        )
    elif shape.reads < UNITS or shape.writes < cloud.write_units:
        yield (
            f"Its capacity is {shape.reads} reads and {shape.writes} writes per second, and Boardwalk needs "
            f"{UNITS} reads and {cloud.write_units} writes ([cloud] write_units), or AWS refuses some of "
            f"them for a while. Raise it: {_aws('update-table', cloud)} {units}"
        )
    if shape.expiry not in ("", EXPIRY):
        off = f"--time-to-live-specification Enabled=false,AttributeName={shape.expiry}"
        yield (
            f"Its time-to-live goes by the attribute {shape.expiry}, and Boardwalk needs {EXPIRY}, or old "
            f"scores stay for ever. Turn it off, and run this command again an hour later: "
            f"{_aws('update-time-to-live', cloud)} {off}"
        )


def _listed(key: tuple[KeyPart, ...]) -> str:
    return " and ".join(map(str, key))


def _aws(command: str, cloud: CloudSection) -> str:
    return f"aws dynamodb {command} --region {cloud.region} --table-name {cloud.table}"
