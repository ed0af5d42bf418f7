"""A developer watches a board and tells it what to do, from the command line, through a real edge."""

import asyncio
import json
import os
import pty
import signal
import sys
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.edge_process import EdgeProcess, edge_process
from tests.flash.run import hear_ctrl_c
from tests.journeys.test_commands import boardwalk
from tests.patience import PATIENCE_S, patience
from tests.vboard.till import settings
from tools.vboard.client import Fleet, VirtualBoard

LED = 25


@dataclass
class Stage:
    """A running edge and a board of it that is online."""

    edge: EdgeProcess
    board: VirtualBoard

    async def device(self) -> dict[str, Any]:
        told: dict[str, Any] = await self.edge.ask("GET", "/api/v1/devices/till-1")
        return told

    async def until(self, holds: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until what the edge knows of the board is so."""
        async with patience():
            while not holds(await self.device()):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def staged(folder: Path, fleet: Fleet, **more: object) -> AsyncIterator[Stage]:
    async with edge_process(folder) as edge:
        told = await edge.ask("POST", "/api/v1/devices", {"name": "till-1"})
        board = await fleet.up("till-1", settings(edge.mqtt_port, "till-1", secret=told["secret"], **more))
        one = Stage(edge, board)
        await one.until(lambda device: device["online"])
        yield one


@pytest.fixture
async def stage(tmp_path: Path, fleet: Fleet) -> AsyncIterator[Stage]:
    async with staged(tmp_path, fleet) as one:
        yield one


class Watcher:
    """A `boardwalk monitor` that runs: what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def hears(self, text: str, times: int = 1) -> None:
        """Wait until it has said this so often."""
        assert self.process.stdout
        try:
            async with patience():
                while self.said.count(text) < times:
                    data = await self.process.stdout.read(4096)
                    assert data, self.said
                    self.said += data.decode()
        except TimeoutError:
            raise AssertionError(f"no {text!r} in {self.said!r}") from None

    async def ends(self) -> int:
        """Its exit code."""
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)


@asynccontextmanager
async def monitor(environment: dict[str, str], *words: str) -> AsyncIterator[Watcher]:
    """`boardwalk monitor` in a pipe, ended with Ctrl-C, which is no error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.cli", "monitor", *words, env=environment,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    watcher = Watcher(process)
    try:
        yield watcher
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            assert await watcher.ends() == 0, watcher.said
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def port_of(board: VirtualBoard) -> str:
    return str((await board.stats())["port"])


# --- boardwalk device


async def test_a_device_is_shown_in_words_and_as_json(stage: Stage) -> None:
    code, out, err = await boardwalk(stage.edge, "device", "show", "till-1")
    assert (code, err) == (0, "")
    name, *lines = out.splitlines()
    words = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}
    assert name == "till-1"
    assert list(words) == ["presence", "firmware", "started", "memory", "outbox", "refused", "added"]
    assert words["presence"].startswith("online, heard ")
    assert words["firmware"] == "0.1.0"
    assert words["started"].endswith(" ago, boot 1, reset: power")
    assert "bytes free" in words["memory"] and words["outbox"].endswith("% full")
    assert words["refused"] == "0 events for want of room, since the start"
    code, out, _ = await boardwalk(stage.edge, "device", "show", "till-1", "--json")
    assert (code, json.loads(out)["state"]["reset"]) == (0, "power")
    for wrong in ("till-9", "../x", "Till 1"):
        code, out, err = await boardwalk(stage.edge, "device", "show", wrong)
        assert (code, out, err.count("\n")) == (1, "", 1) and err.startswith("boardwalk: There is no device ")


async def test_a_board_obeys_and_says_so(stage: Stage) -> None:
    code, out, err = await boardwalk(stage.edge, "device", "settings", "till-1", "--json")
    told = json.loads(out)
    assert (code, err, told["device"], told["wifi"], "secret" in told) == (0, "", "till-1", {}, False)
    _, out, _ = await boardwalk(stage.edge, "device", "settings", "till-1")
    assert 'device        "till-1"' in out.splitlines()
    assert (await boardwalk(stage.edge, "device", "identify", "till-1", "--seconds", "2"))[::2] == (
        0, "till-1 blinks for 2 s.\n",
    )  # fmt: skip
    assert (await boardwalk(stage.edge, "device", "log-level", "till-1", "debug"))[::2] == (
        0, "till-1 logs from debug on, until it starts again.\n",
    )  # fmt: skip
    assert (await boardwalk(stage.edge, "device", "restart", "till-1"))[::2] == (0, "till-1 restarts.\n")
    await stage.until(lambda device: device["online"] and device["state"]["boot"] == 2)


async def test_a_command_that_was_lost_reaches_the_board_when_it_is_back(
    tmp_path: Path, fleet: Fleet
) -> None:
    async with staged(tmp_path, fleet, keepalive=2) as stage:
        await stage.board.link(False, silent=True)
        body = {"command": "identify", "within_s": 60}
        asked = asyncio.create_task(stage.edge.ask("POST", "/api/v1/devices/till-1/commands", body))
        async with patience():
            while "silent for 1.5 x keepalive" not in stage.board.log():
                await asyncio.sleep(0.05)
        assert not asked.done()
        await stage.board.link(True)
        assert (await asked)["state"] == "done"


async def test_what_a_board_does_not_do_is_one_sentence(stage: Stage) -> None:
    async def refused(*words: str) -> str:
        code, out, err = await boardwalk(stage.edge, "device", *words)
        assert (code, out) == (1, "")
        return err

    assert await refused("identify", "till-1", "--seconds", "99") == (
        "boardwalk: till-1 refuses identify (bad-arguments): seconds is a whole number from 1 to 60.\n"
    )
    assert await refused("log-level", "till-1", "loud") == (
        "boardwalk: A log level is debug, info or warning, not 'loud'.\n"
    )
    assert (
        await refused("restart", "till-9")
        == "boardwalk: There is no device till-9; boardwalk device list shows them all.\n"
    )
    await stage.board.power_cut()
    await stage.until(lambda device: not device["online"])
    assert await refused("restart", "till-1") == "boardwalk: till-1 is offline; try again when it is back.\n"
    await boardwalk(stage.edge, "device", "revoke", "till-1")
    assert await refused("restart", "till-1") == ("boardwalk: till-1 is revoked, so it takes no commands.\n")
    assert "revoked 20" in (await boardwalk(stage.edge, "device", "show", "till-1"))[1]
    await stage.edge.stop()
    assert await refused("restart", "till-1") == (
        "boardwalk: The edge does not run, so no board hears it; start it with boardwalk run.\n"
    )
    assert (await boardwalk(stage.edge, "device", "show", "till-1"))[0] == 0


# --- boardwalk monitor --device


async def test_a_board_is_followed_through_a_restart_and_a_broken_link(stage: Stage) -> None:
    async with monitor(stage.edge.environ(), "--device", "till-1") as watcher:
        await watcher.hears("info     link: online")
        head = watcher.said.splitlines()[:6]
        assert head[0] == "till-1"
        assert [line.split()[0] for line in head[1:]] == [
            "firmware",
            "started",
            "memory",
            "outbox",
            "refused",
        ]
        assert watcher.said.count("boot 1, reset: power") == 2  # in the head, and in the log's first line
        await boardwalk(stage.edge, "device", "restart", "till-1")
        await watcher.hears("-- till-1 has started anew --")
        await watcher.hears("firmware 0.1.0, boot 2, reset: soft")
        await stage.board.link(False)
        await watcher.hears("-- till-1 is offline --")
        await stage.board.link(True)
        await watcher.hears("-- till-1 is online --")
        await watcher.hears("warning  link: ")
    assert "\x1b" not in watcher.said


async def test_lines_that_the_ring_has_lost_are_counted_and_json_has_all_facts(stage: Stage) -> None:
    async with monitor(stage.edge.environ(), "--device", "till-1", "--json") as watcher:
        await watcher.hears('"link: online"')
        watcher.process.send_signal(signal.SIGSTOP)
        for _ in range(120):
            path = "/api/v1/devices/till-1/commands"
            await stage.edge.ask("POST", path, {"command": "log-level", "arguments": {"level": "info"}})
        watcher.process.send_signal(signal.SIGCONT)
        await watcher.hears('"event": "lost"')
        told = (await stage.edge.ask("POST", path, {"command": "log"}))["result"]["last"]
        await watcher.hears(f'"number": {told},')
        await watcher.hears("\n", watcher.said.count("\n") + (not watcher.said.endswith("\n")))
    rows = [json.loads(line) for line in watcher.said.splitlines()]
    assert {row["device"] for row in rows} == {"till-1"}
    assert rows[0]["event"] == "facts" and rows[0]["boot"] == 1
    numbers = [row["number"] for row in rows if row["event"] == "line"]
    (lost,) = [row["lines"] for row in rows if row["event"] == "lost"]
    gap = next(index for index, number in enumerate(numbers) if index and number != numbers[index - 1] + 1)
    assert numbers[gap] - numbers[gap - 1] - 1 == lost
    assert len(numbers) + lost == numbers[-1] >= told
    line = next(row for row in rows if row["event"] == "line")
    assert (line["level"], line["text"]) == ("info", "firmware 0.1.0, boot 1, reset: power")


async def test_an_edge_that_stops_is_waited_for_and_a_revoked_device_ends_it(stage: Stage) -> None:
    async with monitor(stage.edge.environ(), "--device", "till-1") as watcher:
        await watcher.hears("link: online")
        await stage.edge.stop()
        await watcher.hears("-- the edge does not answer --")
        await stage.edge.start()
        await watcher.hears("-- till-1 is online --")
        await boardwalk(stage.edge, "device", "revoke", "till-1")
        assert await watcher.ends() == 1
        await watcher.hears("boardwalk: till-1 is revoked, so nothing comes from it any more.\n")


# --- boardwalk monitor PORT


async def test_a_serial_port_is_shown_through_resets_and_nothing_is_typed(stage: Stage) -> None:
    port = await port_of(stage.board)
    async with monitor(dict(os.environ), port) as watcher:
        await watcher.hears("115200 baud")
        await stage.board.reset()
        await watcher.hears("firmware 0.1.0, boot 2, reset: power")
        await boardwalk(stage.edge, "device", "restart", "till-1")
        await watcher.hears("firmware 0.1.0, boot 3, reset: soft")
        await watcher.hears("link: online", 2)
    assert "KeyboardInterrupt" not in stage.board.log()
    await stage.until(lambda device: device["online"])


async def test_a_port_that_is_unplugged_is_waited_for(tmp_path: Path) -> None:
    link = tmp_path / "port"

    def plug() -> tuple[int, int]:
        board, end = pty.openpty()
        tty.setraw(end)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(end))
        return board, end

    board, end = plug()
    async with monitor(dict(os.environ), str(link)) as watcher:
        await watcher.hears("115200 baud")
        os.write(board, b"first\n")
        await watcher.hears("first\n")
        os.close(end)
        os.close(board)
        await watcher.hears("is gone; waiting for it")
        board, end = plug()
        await watcher.hears("is back")
        os.write(board, "Café second\n".encode())
        await watcher.hears("Café second\n")
    os.close(end)
    os.close(board)


WRONG = {
    "": "Give a serial port, as /dev/ttyACM0, or --device NAME, and not both.",
    "/dev/ttyX --device till-1": "Give a serial port, as /dev/ttyACM0, or --device NAME, and not both.",
    "/dev/ttyX --json": "--json goes with --device; a serial port shows what it shows.",
    "--device till-1": "The edge does not run, so no board is heard; start it with boardwalk run.",
}


@pytest.mark.parametrize("words", WRONG)
async def test_what_cannot_be_watched_is_one_sentence(tmp_path: Path, words: str) -> None:
    edge = EdgeProcess(tmp_path)
    await edge.furnish()
    told = await boardwalk(edge, "monitor", *words.split())
    assert told == (1, "", f"boardwalk: {WRONG[words]}\n")


async def test_a_port_that_cannot_be_opened_is_named_with_the_reason(tmp_path: Path) -> None:
    code, out, err = await boardwalk(EdgeProcess(tmp_path), "monitor", str(tmp_path / "none"))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"boardwalk: There is no port '{tmp_path / 'none'}'; boards on USB are at")
