"""The parts that `server.app` hands to the web floor, which reads from them and acts on them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from server.devices.commands import CommandResult as CommandResult
from server.devices.commands import NewCommand as NewCommand
from server.devices.registrar import Registrar
from server.folds.folds import Folds
from server.folds.folds import Place as Place
from server.folds.presence import Presence
from server.folds.standings import Against as Against
from server.folds.standings import Before as Before
from server.folds.standings import Standings
from server.folds.totals import Hourly
from server.ingest.arrival import Once as Once
from server.ingest.arrival import Outcome as Outcome
from server.ingest.commit import Commit as Commit
from server.people.mails import MailActs
from server.people.programs import Programs
from server.people.sign_in import SignIn
from server.people.staff import Staff
from server.rights import Actor
from server.settings import Settings
from server.store.database import Database
from server.store.devices import Device as Device
from server.watch.cloud_status import CloudStatus as CloudStatus
from server.watch.findings import Finding as Finding


class Intake(Protocol):
    """The way in for events that come over HTTP."""

    async def post(self, source: str, events: list[object], once: Once | None = None) -> Outcome:
        """Commit events of the `json` shape, under an Idempotency-Key `once`.

        Raises StoreFull when the disk refuses.
        """


class Merged(Protocol):
    """A ranking over all sites."""

    @property
    def rows(self) -> Sequence[tuple[str, int]]:
        """(key, score), the best first."""

    @property
    def sites(self) -> Mapping[str, int]:
        """Each site to when it wrote its newest scores, ms since 1970 UTC."""


class Cloud(Protocol):
    """The way to the cloud."""

    async def merged(self, ranking: str, window: str) -> Merged | None:
        """A ranking over all sites; None without a cloud. Raises CloudError."""

    def status(self) -> CloudStatus:
        """At most a second old."""


class Findings(Protocol):
    """What is wrong with the edge."""

    def all(self) -> list[Finding]:
        """What is wrong now, the worst first."""


class Commands(Protocol):
    """Sends commands to boards."""

    async def send(self, actor: Actor, device: str, command: NewCommand) -> CommandResult:
        """Send a command and wait for its answer.

        Raises Refused, NotFound, Conflict (offline), and BadInput for what does not fit into a command.
        """


@dataclass(frozen=True)
class Parts:
    """Everything that the web floor is handed.

    settings: of this edge. database: the open store. intake: commits posted events. rankings: with the rule
    counters, from memory. standings: how rankings stood before. totals: events by hour. presence: the devices
    as last heard of. cloud: the way to the table. findings: what is wrong. devices: acts on the register.
    staff: acts on people. programs: acts on tokens. mails: acts on mails. sign_in: signs people in and out.
    commands: sends commands to boards. on_commit: call it with a function that gets each Commit on the event
    loop and must not block. per_minute: gives the number of events committed in the last 60 s. refused: how
    many payloads were refused since the start, by kind of the source and reason.
    """

    settings: Settings
    database: Database
    intake: Intake
    rankings: Folds
    standings: Standings
    totals: Hourly
    presence: Presence
    cloud: Cloud
    findings: Findings
    devices: Registrar
    staff: Staff
    programs: Programs
    mails: MailActs
    sign_in: SignIn
    commands: Commands
    on_commit: Callable[[Callable[[Commit], None]], None]
    per_minute: Callable[[], int]
    refused: Mapping[tuple[str, str], int]


PARTS: web.AppKey[Parts] = web.AppKey("parts", Parts)
