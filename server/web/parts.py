"""What `server.app` hands to the web floor: the parts it reads from and acts on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from server.commands import Answer as Answer
from server.ingest.arrival import Once as Once
from server.ingest.arrival import Posted as Posted
from server.ingest.commit import Commit as Commit
from server.ingest.folds import Place as Place
from server.ingest.standings import Against as Against
from server.ingest.standings import Before as Before
from server.settings import Settings
from server.store.database import Database
from server.store.devices import Seen as Seen
from server.web.heartbeat import Minutes


class Intake(Protocol):
    """The way in for events that come over HTTP."""

    async def post(self, source: str, events: list[Any], once: Once | None = None) -> Posted:
        """Commit events of the `json` shape, under an Idempotency-Key `once`.

        Raises StoreFull when the disk refuses.
        """


class Rankings(Protocol):
    """Live rankings; unknown names and windows raise NotFound."""

    def names(self) -> list[tuple[str, list[str]]]:
        """Each ranking with its windows, in the order of the settings."""

    def top(self, name: str, window: str, k: int) -> Sequence[Place]:
        """The best k, best first."""

    def place(self, name: str, window: str, key: str) -> Place | None:
        """Rank and score of one key, None when it is not listed."""

    def score(self, name: str, window: str, key: str) -> int | None:
        """The score of one key, None when it never had one; cheaper than its place."""

    def since(self, name: str, window: str) -> int | None:
        """When the oldest event came (ms) that a window could count; None when it has everything."""

    def size(self, name: str, window: str) -> int:
        """How many keys are listed."""


class Standings(Protocol):
    """How rankings stood before, from memory."""

    def before(self, name: str, window: str, against: Against, now: int) -> Before | None:
        """How a window stood an hour ago or yesterday, None when nothing is noted of then."""


class Totals(Protocol):
    """Counts of accepted events by hour and kind, from memory."""

    def sums(self, kind: str, edges: Sequence[int]) -> list[tuple[int, int]]:
        """(count, cents) from each edge to the next; edges are full hours of the site, in ms."""

    def kinds(self, edges: Sequence[int]) -> list[dict[str, tuple[int, int]]]:
        """The same for every kind that happened."""


class Presence(Protocol):
    """Which devices are here, from memory. beats: in which minutes they were heard."""

    @property
    def beats(self) -> Minutes: ...

    def all(self) -> list[Seen]:
        """Every device that is known, by name."""

    def one(self, name: str) -> Seen:
        """A device. Raises NotFound."""


class Merged(Protocol):
    """A ranking over all sites."""

    @property
    def rows(self) -> Sequence[tuple[str, int]]:
        """(key, score), the best first."""

    @property
    def sites(self) -> Mapping[str, int]:
        """Each site to when it wrote its newest scores, ms since 1970 UTC."""


class Cloud(Protocol):
    """How far the cloud is."""

    async def merged(self, ranking: str, window: str) -> Merged | None:
        """A ranking over all sites; None without a cloud. Raises CloudError."""

    def status(self) -> dict[str, Any]:
        """mode ("off"|"aws"), waiting (events), chunks (unsent), oldest_at, last_sent_at (ms or None),
        units_per_s, write_units (numbers), error (a sentence or None)."""


class Health(Protocol):
    """Whether the edge works as it should."""

    def reasons(self) -> list[tuple[str, str]]:
        """(part, sentence) of everything that is degraded: "mqtt", "store", "cloud", "mail", "broker"."""

    def notes(self) -> list[str]:
        """Sentences staff should know that are no fault, as a broker without rights a device."""


class Devices(Protocol):
    """The device register, with effect on the broker at once."""

    async def add(self, name: str) -> dict[str, str]:
        """{"device", "username", "secret"}, the secret this once. Raises BadInput, Conflict."""

    async def renew(self, name: str) -> dict[str, str]:
        """As `add`, for a device that is there; its old secret ends at once. Raises NotFound."""

    async def revoke(self, name: str) -> None:
        """Cut the device off now and for good. Raises NotFound."""

    async def describe(self, name: str, label: str | None = None, group: str | None = None) -> Seen:
        """Another label or group, None: as it is; how it was before. Raises NotFound, BadInput."""


class Commands(Protocol):
    """The way of commands to boards, in memory."""

    def check(self, device: str) -> None:
        """Whether a command could reach it. Raises NotFound and Conflict."""

    async def send(self, device: str, command: str, arguments: dict[str, Any], within_s: float) -> Answer:
        """Send a command and wait for its answer, at most `within_s` (1 to 60).

        Raises NotFound, Conflict (offline), and BadInput for what does not fit into a command.
        """


@dataclass(frozen=True)
class Parts:
    """Everything that the web floor is handed.

    on_commit: call with a function that gets each Commit, on the event loop; it must not block.
    per_minute: events committed in the last 60 s.
    """

    settings: Settings
    database: Database
    intake: Intake
    rankings: Rankings
    standings: Standings
    totals: Totals
    presence: Presence
    cloud: Cloud
    health: Health
    devices: Devices
    commands: Commands
    on_commit: Callable[[Callable[[Commit], None]], None]
    per_minute: Callable[[], int]


PARTS: web.AppKey[Parts] = web.AppKey("parts", Parts)
