"""What is wrong, said in one place: pages, metrics, the log, `/readyz` and commands only render it.

A finding is there for as long as its check says so. Whoever adds one gives it an id that stays, a cure, and a
place where more is said; `docs/operations.md` lists them all, and a test asks for that.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from loguru import logger

LOW_DISK_BYTES = 200 * 1024 * 1024
LOOK_S = 5.0
Weight = Literal["error", "warning", "note"]
WEIGHTS: tuple[Weight, ...] = ("error", "warning", "note")  # the worst first
Check = Callable[[], str | None]


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong now, or that staff should know.

    id: stays, as `disk-low`. weight: error, while events cannot be taken; warning, when somebody should do
    something; note, which is no fault. since: when it was first seen, ms since 1970 UTC. cause: what is
    wrong. cure: what to do. source: the part that says so: store, clock, mqtt, cloud, mail. link: where more
    is said, an address on this edge, "" for nowhere.
    """

    id: str
    weight: Weight
    since: int
    cause: str
    cure: str
    source: str
    link: str = ""


class Kind(NamedTuple):
    """A finding that there can be.

    id, weight, source, cure, link: as in Finding. Cause and time are only known when it is there.
    """

    id: str
    weight: Weight
    source: str
    cure: str
    link: str = ""


STORE_REFUSES = Kind(
    "store-refuses", "error", "store",
    "Make room on the disk, or mend it. Boards keep their events until then.",
)  # fmt: skip
DISK_LOW = Kind("disk-low", "warning", "store", "Make room where the data are, before events cannot be kept.")
CLOCK_BEHIND = Kind(
    "clock-behind", "warning", "clock",
    "Set the clock (timedatectl set-ntp true). Until then nothing is judged by it, and boards are not told "
    "the time.",
)  # fmt: skip
BROKER_DOWN = Kind(
    "broker-down", "error", "mqtt",
    "It is started again by itself. If it stays away, read the log of this edge. Boards keep their events.",
)  # fmt: skip
MQTT_AWAY = Kind(
    "mqtt-away", "error", "mqtt",
    "Look whether the broker runs, and whether [mqtt] url is right, with user and secret. Boards keep their "
    "events until then.",
)  # fmt: skip
CLOUD_AWAY = Kind(
    "cloud-away", "warning", "cloud",
    "Look at the internet, the keys of AWS and the table. Everything is kept here and goes up by itself.",
)  # fmt: skip
MAIL_STUCK = Kind(
    "mail-stuck",
    "warning",
    "mail",
    "Look at what the mail service says. Mails wait, and go out by themselves.",
)
BROKER_WITHOUT_RIGHTS = Kind(
    "broker-without-rights", "note", "mqtt", "Install mosquitto (make deps) before boards in a shop connect."
)
KINDS = (
    STORE_REFUSES, DISK_LOW, CLOCK_BEHIND, BROKER_DOWN, MQTT_AWAY, CLOUD_AWAY, MAIL_STUCK,
    BROKER_WITHOUT_RIGHTS,
)  # fmt: skip


class Findings:
    """All findings of a running edge. clock: ms since 1970 UTC."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._checks: list[tuple[Kind, Check]] = []
        self._since: dict[str, int] = {}

    def watch(self, kind: Kind, check: Check) -> None:
        """Ask `check` whenever somebody wants to know; it gives the cause, None when all is well.

        Of several checks of one kind the first that gives a cause counts.
        """
        self._checks.append((kind, check))

    def all(self) -> list[Finding]:
        """What is wrong now, the worst first, and of these the oldest."""
        causes: dict[str, tuple[Kind, str]] = {}
        for kind, check in self._checks:
            if kind.id not in causes and (cause := check()) is not None:
                causes[kind.id] = kind, cause
        now = self._clock()
        self._since = {name: self._since.get(name, now) for name in causes}
        found = [
            Finding(name, kind.weight, self._since[name], cause, kind.cure, kind.source, kind.link)
            for name, (kind, cause) in causes.items()
        ]
        return sorted(found, key=lambda one: (WEIGHTS.index(one.weight), one.since, one.id))

    async def run(self) -> None:
        """Tell the log of what comes and goes, until cancelled."""
        told: dict[str, Finding] = {}
        while True:
            await asyncio.sleep(LOOK_S)  # at the start too: a connection that is being made is not away
            now = {one.id: one for one in self.all()}
            for name in now.keys() - told.keys():
                _log(now[name])
            for name in told.keys() - now.keys():
                logger.info("{}: over", name)
            told = now


def _log(one: Finding) -> None:
    level = "ERROR" if one.weight == "error" else "WARNING"
    logger.log(level, "{}: {} {}", one.id, one.cause, one.cure)


def stops_intake(findings: list[Finding]) -> bool:
    """Whether events cannot be taken."""
    return any(one.weight == "error" for one in findings)


def disk(folder: Path) -> Check:
    """A check of the free space for data."""

    def check() -> str | None:
        free = shutil.disk_usage(folder).free
        if free >= LOW_DISK_BYTES:
            return None
        return f"Only {free // 1_048_576} MB are free where the data are."

    return check
