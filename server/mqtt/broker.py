"""The embedded broker: chosen, kept alive, and told of every change in the device register."""

import asyncio
import secrets
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Self

from loguru import logger

from server import secret_file
from server.errors import StartError
from server.mqtt import access
from server.mqtt.mosquitto import Mosquitto, find
from server.settings import MqttSection, address
from server.store import devices
from server.store.database import Database

if TYPE_CHECKING:
    import iotcore

RESTART_S = 0.2
MAX_RESTART_S = 5.0
WITHOUT_RIGHTS = (
    "The broker is iotcore, which is good for trying things out on this machine: it asks no device for its "
    "secret."
)


class Broker:
    """Use as an async context manager; raises StartError on entry.

    user and secret: the edge's own account. name: of the program that runs, mosquitto or iotcore. down: a
    sentence why it does not run, None while it runs.
    """

    def __init__(self, settings: MqttSection, site: str, database: Database) -> None:
        self.host, self.port = address(settings.listen)
        self.user = access.EDGE_USER
        self.secret = secrets.token_urlsafe(24)
        self.name = _choose(settings.broker)
        self.down: str | None = None
        self._site = site
        self._database = database
        self._folder = (database.folder / "broker").resolve()
        self.runs: Mosquitto | iotcore.Broker
        self._changing = asyncio.Lock()  # a reload must not overtake another one, nor meet a start
        self._keeper: asyncio.Task[None] | None = None

    @property
    def note(self) -> str | None:
        """What staff should know of it, None for nothing."""
        return WITHOUT_RIGHTS if self.name == "iotcore" else None

    async def __aenter__(self) -> Self:
        self._check()
        await self._start()
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        await self._stop()

    async def update(self) -> None:
        """Bring the register's changes into effect."""
        async with self._changing:
            await self._write_access()
            if isinstance(self.runs, Mosquitto):
                self.runs.reload()

    def _check(self) -> None:
        if self.name == "iotcore" and self.host not in ("127.0.0.1", "localhost"):
            raise StartError(
                f"iotcore knows no rights a device, so it may not listen on {self.host}; install "
                "mosquitto (make deps), or set [mqtt] listen to 127.0.0.1."
            )
        with socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise StartError(
                    f"Port {self.port} on {self.host} cannot be used for MQTT ({error.strerror}); "
                    "give [mqtt] listen another one, or stop what holds it (Debian's own broker: "
                    "systemctl disable --now mosquitto)."
                ) from error

    async def _start(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        await self._write_access()
        if self.name == "mosquitto":
            self.runs = Mosquitto(self._folder, (self.host, self.port))
            await self.runs.start()
            return
        self.runs = _iotcore(self.host, self.port)
        try:
            await asyncio.to_thread(self.runs.start)
        except (OSError, RuntimeError) as error:
            raise StartError(f"The embedded broker does not start: {error}") from error

    async def _stop(self) -> None:
        if isinstance(self.runs, Mosquitto):
            await self.runs.stop()
        else:
            await asyncio.to_thread(self.runs.stop)

    async def _ended(self) -> None:
        if isinstance(self.runs, Mosquitto):
            await self.runs.wait()
            return
        while self.runs.is_running:
            await asyncio.sleep(0.2)

    async def _keep(self) -> None:
        wait = RESTART_S
        while True:
            if self.down is None:
                await self._ended()
                self.down = f"The broker {self.name} ended by itself; it is being started again."
                logger.error(self.down)
            await asyncio.sleep(wait)
            try:
                async with self._changing:
                    await self._stop()
                    await self._start()
            except (StartError, OSError) as error:
                self.down, wait = f"The broker is not there: {error}", min(2 * wait, MAX_RESTART_S)
            else:
                self.down, wait = None, RESTART_S

    async def _write_access(self) -> None:
        credentials = await self._database.read(devices.credentials)
        listed = access.passwords(devices.hashed(self.secret), credentials)
        await asyncio.to_thread(secret_file.write, self._folder / "passwords", listed)  # a disk may be slow
        await asyncio.to_thread(secret_file.write, self._folder / "rights", access.rights(self._site))


def _iotcore(host: str, port: int) -> "iotcore.Broker":
    try:
        import iotcore  # does not exist for every machine, and most use mosquitto
    except ImportError as error:
        raise StartError(
            f"There is no MQTT broker ({error}); make deps installs mosquitto, or give the address of "
            "another one with [mqtt] url."
        ) from error
    return iotcore.Broker(port=port, listen=host)


def _choose(wanted: str) -> str:
    if wanted == "mosquitto" and find() is None:
        raise StartError("mosquitto is not installed; make deps installs it, or set [mqtt] broker.")
    if wanted == "auto":
        return "mosquitto" if find() is not None else "iotcore"
    return wanted
