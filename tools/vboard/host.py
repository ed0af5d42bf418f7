"""The process that owns virtual boards: `python -m tools.vboard.host FOLDER`.

It obeys JSON lines on FOLDER/control.sock, {"id", "op", ...} -> {"id", "ok": true, ...} or
{"id", "ok": false, "error"}; and it ends with the process that started it.
"""

import argparse
import asyncio
import ctypes
import importlib.util
import json
import os
import resource
import signal
import sys
from pathlib import Path

from tools.output import Json
from tools.vboard import profile
from tools.vboard.board import VirtualBoard
from tools.vboard.cpython import CPythonMachine
from tools.vboard.life import die_with_parent
from tools.vboard.machine import Machine
from tools.vboard.paths import socket_address
from tools.vboard.supervisor import SOCKET

M_MMAP_THRESHOLD, LARGE_BYTES = -3, 128 << 10
WATCHDOG_POLL_S = 0.1
Request = Json


class Host:
    """Boards by name, and the operations on them. cpython: whether to run the firmware on CPython."""

    def __init__(self, folder: Path, cpython: bool) -> None:
        self._folder = folder
        self._cpython = cpython
        self._boards: dict[str, VirtualBoard] = {}
        self.clients: set[asyncio.StreamWriter] = set()
        self.stopped = asyncio.Event()

    async def obey(self, request: Request) -> Request:
        """Carry out one operation; its result. Raises an error that says what is wrong with it."""
        operation = getattr(self, "op_" + str(request.get("op")).replace("-", "_"), None)
        if operation is None:
            raise ValueError(f"unknown operation {request.get('op')}")
        result: Request | None = await operation(request)
        return result or {}

    def _board(self, request: Request) -> VirtualBoard:
        try:
            return self._boards[request["name"]]
        except KeyError:
            raise ValueError(
                f"there is no board {request.get('name')!r}; boardwalk vboard list shows those that there are"
            ) from None

    async def op_up(self, request: Request) -> Request:
        name = request["name"]
        if name in self._boards:
            raise ValueError(f"board {name} is up already")
        board = VirtualBoard(name, self._folder, self._machine(request))
        try:
            more = {path: bytes.fromhex(data) for path, data in request.get("files", {}).items()}
            await board.up(request.get("settings"), more)
        except BaseException:
            board.close()
            raise
        self._boards[name] = board
        if request.get("every_ms"):
            board.serve(int(request["every_ms"]))
        return board.stats()

    async def op_remove(self, request: Request) -> None:
        board = self._board(request)
        del self._boards[board.name]
        board.close()

    def _machine(self, request: Request) -> Machine:
        name = request["name"]
        if self._cpython:
            return CPythonMachine(self._folder / f"{name}.flash")
        from tools.vboard.micropython import MicroPythonMachine

        kind = profile.named(request.get("profile", "esp32"))
        heap = profile.heap_bytes(request.get("heap", "160K"))
        return MicroPythonMachine(self._folder / f"{name}.img", kind, heap)

    async def op_boot(self, request: Request) -> None:
        await self._board(request).boot()

    async def op_reset(self, request: Request) -> None:
        await self._board(request).reset()

    async def op_power_cut(self, request: Request) -> None:
        self._board(request).power_cut(int(request.get("after_bytes", 0)))

    async def op_link(self, request: Request) -> None:
        self._board(request).link(bool(request["up"]), bool(request.get("silent")))

    async def op_pin(self, request: Request) -> Request:
        machine = self._board(request).machine
        if request.get("level") is not None:
            machine.set_pin(int(request["pin"]), int(request["level"]))
        return {"level": machine.pin(int(request["pin"]))}

    async def op_adc(self, request: Request) -> None:
        self._board(request).machine.set_adc(int(request["number"]), int(request["value"]))

    async def op_password(self, request: Request) -> None:
        self._board(request).machine.password(str(request["text"]))

    async def op_clock(self, request: Request) -> None:
        self._board(request).machine.clock(request.get("at_ms"))

    async def op_list(self, _: Request) -> Request:
        return {"boards": [board.stats() for board in self._boards.values()]}

    async def op_stop(self, _: Request) -> None:
        self.stopped.set()

    async def watch(self) -> None:
        """Serve the boards' watchdogs."""
        while True:
            await asyncio.sleep(WATCHDOG_POLL_S)
            for board in list(self._boards.values()):
                await board.tick()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Obey one client of the control socket."""
        self.clients.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass  # it left; the boards stay
        except asyncio.CancelledError:
            pass  # this process ends; Python 3.11 would print a traceback of the cancelled task
        finally:
            self.clients.discard(writer)
            writer.close()

    async def _answer(self, line: bytes) -> Request:
        request: Request = {}
        try:
            request = json.loads(line)
            return {"id": request.get("id"), "ok": True, **await self.obey(request)}
        except Exception as error:  # any error: the client is told, and the boards stay
            text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            if isinstance(error, OSError):
                where = error.filename or self._folder
                text = f"this computer refuses a board what it needs in {where} ({error.strerror or error})"
            return {"id": request.get("id"), "ok": False, "error": text}

    def close(self) -> None:
        for board in self._boards.values():
            board.close()


async def run(folder: Path, cpython: bool) -> None:
    """Serve FOLDER until the operation `stop` or a signal."""
    host = Host(folder, cpython)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, host.stopped.set)
    path = folder / SOCKET
    path.unlink(missing_ok=True)
    with socket_address(path) as address:
        server = await asyncio.start_unix_server(host.serve, address)
    watching = asyncio.create_task(host.watch())
    print("ready", flush=True)  # the parent waits for this line
    await host.stopped.wait()
    watching.cancel()
    host.close()
    server.close()
    for writer in host.clients:  # by this the client that asked for the end learns of it
        writer.close()
    await asyncio.sleep(0)  # the clients' tasks see the end of their connections
    path.unlink(missing_ok=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tools.vboard.host", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cpython", action="store_true", help="firmware on CPython")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="end with this process")
    parser.add_argument("--stay", action="store_true", help="do not end with the parent")
    options = parser.parse_args()
    if not options.stay:
        die_with_parent(options.parent)
    missing = importlib.util.find_spec("micropython_run") is None
    options.folder.mkdir(parents=True, exist_ok=True)
    _give_back_large_blocks()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))  # a board needs about ten
    asyncio.run(run(options.folder.resolve(), options.cpython or missing or _forced()))


def _give_back_large_blocks() -> None:
    """Give large blocks of memory back to the system as soon as they are free.

    glibc would keep them for the next image, and every board, being a fork, would hold their content: 22 MB
    each.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def _forced() -> bool:
    return os.environ.get("BOARDWALK_VBOARD") == "cpython"


if __name__ == "__main__":
    main()
