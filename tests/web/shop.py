"""A shop whose web floor is real, with store, intake and rankings; only cloud and findings are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from server.clock import milliseconds
from server.core import Core, open_core
from server.devices import commands
from server.ingest.acks import Acks
from server.ingest.arrival import Once, Outcome
from server.ingest.consumer import Consumer
from server.people.mails import MailActs
from server.people.programs import Programs
from server.people.sign_in import SignIn
from server.people.staff import Staff
from server.rights import Actor
from server.settings import Settings
from server.store import invitations, staff, tokens
from server.store.database import Database
from server.store.invitations import Invitation
from server.watch.cloud_status import CloudStatus
from server.watch.findings import Finding, Kind
from server.watch.refusals import Refusals
from server.web.access.passwords import Passwords
from server.web.parts import CommandResult, Commands, NewCommand, Parts
from server.web.routes import create_app
from sync.table.all_sites import AllSites, Merged

EMAIL, PASSWORD = "ada@shop.example", "gulls at seven"


@dataclass
class Cloud:
    """A cloud that says what a test tells it to."""

    told: CloudStatus = field(default_factory=lambda: CloudStatus("off", write_units=20))
    sites: AllSites | None = None

    def status(self) -> CloudStatus:
        return self.told

    async def merged(self, ranking: str, window: str) -> Merged | None:
        return await self.sites.merged(ranking, window) if self.sites is not None else None


@dataclass
class Told:
    """Findings of a test."""

    found: list[Finding] = field(default_factory=list)

    def tell(self, kind: Kind, cause: str) -> None:
        """Let something be wrong."""
        self.found.append(Finding(kind.id, kind.weight, 1, cause, kind.cure, kind.source, kind.link))

    def all(self) -> list[Finding]:
        return list(self.found)


class Shop:
    """url: of the server. post: commits events as a board's program would."""

    def __init__(self, settings: Settings, core: Core) -> None:
        self.settings = settings
        self.core = core
        self.consumer = Consumer(core.database, core.intake, Acks("shop", lambda *_: None, milliseconds))
        self.cloud, self.findings, self.refusals = Cloud(), Told(), Refusals()
        self.consumer.refused.append(self.refusals.saw)
        self.sent: list[tuple[str, bytes]] = []
        self.mqtt = commands.Commands(core.database, "shop", core.presence.one, self._sent, milliseconds)
        self.commands: Commands = self.mqtt
        self.url = ""
        self.app: web.Application

    @property
    def database(self) -> Database:
        return self.core.database

    def _sent(self, topic: str, payload: bytes) -> bool:
        """What a broker would bring to boards."""
        self.sent.append((topic, payload))
        return True

    async def post(self, source: str, events: list[Any], once: Once | None = None) -> Outcome:
        return await self.consumer.post(source, events, milliseconds(), once)

    async def orders(self, number: int, customer: str = "14048", **fields: Any) -> None:
        """Commit orders."""
        order = {"kind": "order.placed", "customer": customer, "quantity": 2, "cents": 2345} | fields
        posted = await asyncio.gather(
            *(self.post("http-till", [order] * min(1000, number - begun)) for begun in range(0, number, 1000))
        )
        assert sum(one.accepted for one in posted) == number

    async def token(self, *scopes: str, name: str = "") -> str:
        """A token with these scopes."""
        name = name or "-".join(scopes)
        return await self.database.write(tokens.add, name, scopes, milliseconds())

    async def person(self, role: str = "admin", email: str = EMAIL) -> int:
        """Somebody with a role, whose password is PASSWORD."""
        number = await self.database.write(staff.add, email, role, milliseconds())
        kept = await Passwords().hash(PASSWORD)
        await self.database.write(staff.set_password, number, kept)
        return number

    async def link(self, number: int | None, minutes: int, quick: bool = False) -> str:
        """The token of a new link for one of the staff, None: for the first administrator."""
        return await self.database.write(
            invitations.create, Invitation(number, quick), milliseconds(), minutes
        )

    async def first_link(self) -> str | None:
        """The token of a link that makes the first administrator."""
        return await self.parts().sign_in.first_link()

    async def send(self, actor: Actor, device: str, wanted: NewCommand) -> CommandResult:
        """Commands to boards, as a test answers them."""
        return await self.commands.send(actor, device, wanted)

    def parts(self) -> Parts:
        core = self.core
        return Parts(
            settings=self.settings, database=core.database, intake=self, rankings=core.folds, standings=core.standings,
            totals=core.folds.totals, presence=core.presence, cloud=self.cloud, findings=self.findings,
            devices=core.registrar, commands=self, staff=Staff(core.database, milliseconds),
            programs=Programs(core.database, milliseconds), mails=MailActs(core.database, milliseconds), sign_in=SignIn(core.database, milliseconds), on_commit=self.consumer.listeners.append, per_minute=lambda: 7, refused=self.refusals.counts,
        )  # fmt: skip


@asynccontextmanager
async def open_shop(folder: Path, settings: Settings | None = None) -> AsyncIterator[Shop]:
    """A shop that serves on a free port of loopback and on `boardwalk.sock`."""
    async with Database(folder) as database:
        shop = Shop(settings or Settings(), await open_core(settings or Settings(), database))
        working = asyncio.create_task(shop.consumer.run())
        shop.app = create_app(shop.parts())
        runner = web.AppRunner(
            shop.app, access_log=None, shutdown_timeout=5, handler_cancellation=True, auto_decompress=False
        )
        await runner.setup()
        await web.UnixSite(runner, str(folder / "boardwalk.sock")).start()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        shop.url = f"http://127.0.0.1:{runner.addresses[-1][1]}"
        try:
            yield shop
        finally:
            await runner.cleanup()
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working


class Client:
    """A browser without a screen: keeps cookies, sends its origin, follows nothing by itself."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def get(self, path: str, **rest: Any) -> aiohttp.ClientResponse:
        return await self.call("GET", path, **rest)

    async def call(self, method: str, path: str, **rest: Any) -> aiohttp.ClientResponse:
        rest.setdefault("allow_redirects", False)
        headers = {"Origin": self.url, "Accept": "text/html"} | rest.pop("headers", {})
        answer = await self.session.request(method, self.url + path, headers=headers, **rest)
        await answer.read()
        return answer

    async def sign_in(self, password: str = PASSWORD, email: str = EMAIL) -> aiohttp.ClientResponse:
        return await self.call("POST", "/sign-in", data={"email": email, "password": password})
