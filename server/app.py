"""The wiring: every part of an edge, made, handed to the others and ended in the right order."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aiohttp import web
from loguru import logger

from firmware.wire.topics import TO_EDGE
from server.admin_socket import open_socket
from server.calendar import Days
from server.clock import milliseconds
from server.core import Core, open_core
from server.devices.commands import Commands
from server.errors import StartError
from server.folds.checkpointer import Checkpointer
from server.folds.log_time import EdgeClock
from server.ingest.acks import Acks
from server.ingest.arrival import Once, Outcome
from server.ingest.consumer import Consumer
from server.ingest.indexing import Indexing
from server.ingest.reception import CommandAnswers, Reception
from server.mqtt.access import FOREIGN_USER
from server.mqtt.broker import Broker
from server.mqtt.receiver import Receiver
from server.mqtt.subscriber import Account, Subscriber
from server.people.mails import MailActs
from server.people.programs import Programs
from server.people.sign_in import SignIn
from server.people.staff import Staff
from server.rules.rule import Addresses
from server.settings import MqttSection, Settings, address
from server.settings.broker_address import broker_address
from server.store.database import Database
from server.watch import findings
from server.watch.findings import Findings
from server.watch.rate import Rate
from server.watch.refusals import Refusals
from server.watch.silence import SilenceWatch
from server.web.parts import Parts
from server.web.routes import create_app
from sync.service import CloudService

SHUTDOWN_S = 5.0
BOARDS = ("up", "state", "res")  # the topics that boards send to; foreign clients have their own session


class Edge:
    """A running edge; `running` makes it and ends it."""

    def __init__(self, settings: Settings, core: Core, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.core = core
        self._stack = stack
        self.rate = Rate()
        self.refusals = Refusals()
        self.clock = EdgeClock(core.intake.time, milliseconds)
        self.acks = Acks(settings.edge.site, self._publish, self.clock.told)
        self.commands = Commands(
            core.database, settings.edge.site, core.presence.one, self._command, self.clock
        )
        self.consumer = Consumer(core.database, core.intake, self.acks)
        self.cloud = CloudService(settings, core.database, self.clock, self._is_busy)
        self.findings = Findings(milliseconds)
        self.broker: Broker | None = None
        self.subscribers: list[Subscriber] = []  # the first one is for boards
        self.broken = asyncio.Event()  # set when a part broke that the edge needs

    async def start_offline(self) -> None:
        """Bring up only what commands need: the interface on the socket, over the store."""
        self.spawn(self.consumer.run(), "consumer")
        await self._start_web(offline=True)

    async def start(self) -> None:
        """Bring up broker, connection, cloud and web, each after what it needs."""
        core, stack = self.core, self._stack
        self._listen()
        checkpointer = Checkpointer(core, Days(self.settings.zone), self.clock)
        stack.push_async_callback(self._save, checkpointer)
        self.spawn(checkpointer.run(), "checkpointer")
        self.spawn(core.presence.keep(core.database), "presence")
        self.spawn(self._silence().run(core.database), "silence")
        await self._start_mqtt()
        self.spawn(self.consumer.run(), "consumer")
        self.spawn(Indexing(core.database, self._is_busy).run(), "indexing")
        for name, work in self.cloud.workers():
            self.spawn(work, name)
        await self._start_web()
        self.spawn(self.findings.run(), "findings")

    def _listen(self) -> None:
        self.consumer.listeners.append(lambda commit: self.rate.add(len(commit)))
        self.consumer.refused.append(self.refusals.saw)
        self.consumer.conflicts.append(lambda name: self.core.presence.conflicted(name, milliseconds()))
        watch = self.findings.watch
        watch(findings.STORE_REFUSES, lambda: self.consumer.full)
        watch(findings.CLOCK_BEHIND, self.clock.wrong)
        watch(findings.DISK_LOW, findings.disk(self.core.database.folder))
        watch(findings.BROKER_DOWN, lambda: self.broker.down if self.broker else None)
        watch(findings.BROKER_WITHOUT_RIGHTS, lambda: self.broker.note if self.broker else None)
        watch(findings.MQTT_AWAY, lambda: next((one.down for one in self.subscribers if one.down), None))
        watch(findings.CLOUD_AWAY, self.cloud.upload_error)
        watch(findings.MAIL_STUCK, self.cloud.mail_error)

    def _silence(self) -> SilenceWatch:
        addresses, offset = Addresses.known(self.settings.mail), Days(self.settings.zone).offset
        return SilenceWatch(self.settings.rule, addresses, offset, self.core.presence.all, self.clock)

    async def _start_mqtt(self) -> None:
        settings = self.settings
        if settings.mqtt.url:  # it may give each user one session, so that two would end each other
            boards = await self._subscribe(_external(settings.mqtt), TO_EDGE, True)
        else:
            broker = Broker(settings.mqtt, settings.edge.site, self.core.database)
            self.broker = await self._stack.enter_async_context(broker)
            self.core.registrar.update = broker.update
            host = "127.0.0.1" if broker.host in ("0.0.0.0", "::") else broker.host
            account = Account(host, broker.port, broker.user, broker.secret)
            boards = await self._subscribe(account, BOARDS, False)  # what comes too fast is dropped
            await self._subscribe(replace(account, user=FOREIGN_USER), ("json",), True)
        boards.left = self.core.presence.everyone_left

    async def _subscribe(self, account: Account, leaves: Sequence[str], waits: bool) -> Subscriber:
        """A session of its own for some leaves. waits: whether messages wait with the broker while it is
        crowded here."""
        subscriber = Subscriber(account, self.settings.edge.site, leaves)
        self.subscribers.append(subscriber)
        await self._stack.enter_async_context(subscriber)
        core, commands = self.core, self.commands
        answers = CommandAnswers(commands.told, commands.returned)
        reception = Reception(core.presence, core.intake, self.consumer, self.acks, answers)
        receiver = Receiver(subscriber, reception.handlers, reception.refuse)
        work = receiver.run(milliseconds, lambda: waits and self.consumer.crowded)
        self.spawn(work, f"receiver of {leaves[0]}")
        return subscriber

    async def _start_web(self, offline: bool = False) -> None:
        core = self.core
        parts = Parts(
            settings=self.settings,
            database=core.database,
            intake=self,
            rankings=core.folds,
            standings=core.standings,
            totals=core.folds.totals,
            presence=core.presence,
            cloud=self.cloud,
            findings=self.findings,
            devices=core.registrar,
            staff=Staff(core.database, milliseconds),
            programs=Programs(core.database, milliseconds),
            mails=MailActs(core.database, milliseconds),
            sign_in=SignIn(core.database, milliseconds),
            commands=self.commands,
            on_commit=self.consumer.listeners.append,
            per_minute=self.rate.per_minute,
            refused=self.refusals.counts,
        )
        runner = web.AppRunner(
            create_app(parts),
            access_log=None,
            shutdown_timeout=SHUTDOWN_S,
            handler_cancellation=True,
            auto_decompress=False,  # the interface unpacks bodies by itself, and limits their size
        )
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, await open_socket(core.database.folder)).start()
        if offline:
            return
        host, port = address(self.settings.http.listen)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StartError(
                f"Port {port} on {host} cannot be used for HTTP ({error.strerror}); give [http] "
                "listen another one."
            ) from error

    async def post(self, source: str, events: list[object], once: Once | None = None) -> Outcome:
        """Commit events of the `json` shape. Raises StoreFull when the disk refuses."""
        return await self.consumer.post(source, events, milliseconds(), once)

    def _is_busy(self) -> bool:
        return self.consumer.waiting > 0

    def _publish(self, topic: str, payload: bytes) -> None:
        if self.subscribers:
            self.subscribers[0].publish(topic, payload)

    def _command(self, topic: str, payload: bytes) -> bool:
        return bool(self.subscribers) and self.subscribers[0].publish(topic, payload, 1)

    def spawn(self, work: Coroutine[object, object, None], name: str) -> None:
        task = asyncio.create_task(self._guarded(work, name), name=name)

        async def end() -> None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            work.close()  # a task that was cancelled before it began never ran it

        self._stack.push_async_callback(end)

    async def _guarded(self, work: Coroutine[object, object, None], name: str) -> None:
        try:
            await work
        except Exception:
            logger.exception("{} broke; the edge stops so that it can be started anew", name)
            self.broken.set()

    async def _save(self, checkpointer: Checkpointer) -> None:
        await self.consumer.drain()
        with suppress(Exception):
            await checkpointer.write()
            await self.core.presence.save(self.core.database)


@asynccontextmanager
async def running(settings: Settings, offline: bool = False) -> AsyncIterator[Edge]:
    """An edge at work. Raises StartError when it cannot start; then nothing is left behind.

    offline: whether to leave out broker, cloud and network, for commands while no server runs.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(Path(settings.edge.data)))
        edge = Edge(settings, await open_core(settings, database), stack)
        await (edge.start_offline() if offline else edge.start())
        yield edge


def _external(mqtt: MqttSection) -> Account:
    parts, way = urlsplit(mqtt.url), broker_address(mqtt)
    user, secret = unquote(parts.username or "boardwalk"), unquote(parts.password or "")
    return Account(way.host, way.port, user, secret, way.tls)
