"""mosquitto as a child that cannot outlive the edge.

Its defaults lose acknowledged messages, and a stderr that nobody reads freezes it; the settings below
and the reader of its log prevent both.
"""

import asyncio
import os
import shutil
import signal
from pathlib import Path

from loguru import logger

from server.child import dies_with
from server.errors import StartError

START_S = 10.0
CONFIGURATION = """\
per_listener_settings false
{user}allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/rights
persistence true
persistence_location {folder}/
persistence_file broker.db
autosave_interval 1
persistent_client_expiration 30d
max_queued_messages 1000000
max_queued_bytes 0
max_inflight_messages 0
max_packet_size 1048576
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
connection_messages true
listener {port} {host}
use_username_as_clientid true
"""


def find() -> str | None:
    """The path of mosquitto, None when it is not installed."""
    places = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"
    return shutil.which("mosquitto", path=places)


class Mosquitto:
    """One run of the broker in `folder`, listening on host and port."""

    def __init__(self, folder: Path, listen: tuple[str, int]) -> None:
        self.folder = folder
        self.listen = listen
        self.process: asyncio.subprocess.Process | None = None
        self.log: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and wait until it listens. Raises StartError with mosquitto's own reason."""
        host, port = self.listen
        user = "user root\n" if os.geteuid() == 0 else ""  # dropping rights loses PDEATHSIG
        text = CONFIGURATION.format(folder=self.folder, host=host, port=port, user=user)
        (self.folder / "mosquitto.conf").write_text(text, encoding="utf-8")
        running: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self.process = await asyncio.create_subprocess_exec(
            find() or "mosquitto", "-c", str(self.folder / "mosquitto.conf"),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE, start_new_session=True,
            preexec_fn=dies_with(os.getpid()),
        )  # fmt: skip
        self.log = asyncio.create_task(self._read(self.process, running))
        try:
            wrong = await asyncio.wait_for(running, START_S)
        except TimeoutError:
            wrong = f"mosquitto did not start within {START_S:.0f} s."
        if wrong:
            await self.stop()
            raise StartError(self._sentence(wrong))

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        assert self.process is not None
        return await self.process.wait()

    def reload(self) -> None:
        """Let it read passwords and rights again; a client without an account is disconnected at once."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        """End it and wait for that."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), 5)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        if self.log is not None:
            await asyncio.wait([self.log])

    async def _read(self, process: asyncio.subprocess.Process, running: asyncio.Future[str | None]) -> None:
        assert process.stderr is not None
        last = "mosquitto ended at once."
        async for raw in process.stderr:
            text = raw.decode(errors="replace").strip()
            line = text.partition(": ")[2] or text
            logger.debug("mosquitto: {}", line)
            if "rror" in line:
                last = line
                logger.warning("mosquitto: {}", line)
            if line.endswith(" running") and not running.done():
                running.set_result(None)
        if not running.done():
            running.set_result(last)

    def _sentence(self, wrong: str) -> str:
        host, port = self.listen
        if "ddress already in use" in wrong:
            return (
                f"Port {port} on {host} is taken; give [mqtt] listen another one. If Debian's own "
                "mosquitto service holds it: systemctl disable --now mosquitto."
            )
        return f"mosquitto does not start: {wrong}"
