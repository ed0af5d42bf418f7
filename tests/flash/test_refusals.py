"""What cannot be is one sentence with cause and cure, exit code 1, and a board that is as it was."""

import asyncio
import json
import os
import signal
import tty
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import serial
from click.testing import CliRunner

from tests.edge_process import EdgeProcess, edge_process
from tests.flash.boards import FILLS, started
from tests.flash.run import Done, begun, ended, flash, image, port_of
from tests.patience import patience
from tests.vboard.mpremote import Image
from tools.cli import cli
from tools.commands import flash as flash_command
from tools.vboard.client import Fleet, VirtualBoard

FILLED = FILLS.replace(b"/slot_a", b"/photos")


@pytest_asyncio.fixture
async def edge(tmp_path: Path) -> AsyncIterator[EdgeProcess]:
    async with edge_process(tmp_path / "edge") as running:
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()


def refused(done: Done, *words: str, code: int = 1) -> None:
    """One sentence, on stderr alone, with these words."""
    assert (done.code, done.out) == (code, ""), done
    assert done.err.startswith("boardwalk: ") and done.err.count("\n") == 1, done.err
    for word in words:
        assert word in done.err, done.err


async def test_wrong_words_are_refused_before_a_board_is_touched(
    edge: EdgeProcess, vboards: Fleet, tmp_path: Path
) -> None:
    board = await started(vboards, "blank", "till-1")
    for name, text in (("no.pem", "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"),
                       ("long", "x" * 64), ("no.json", "{]"), ("object.json", "{}"), ("odd.json", "[3]"),
                       ("smell.json", '[{"type": "smell", "kind": "x"}]')):  # fmt: skip
        (tmp_path / name).write_text(text)
    here = str(tmp_path)
    before = image(board)
    cases: list[tuple[str, tuple[str, ...]]] = [
        ("--name Till", ("'Till' cannot name a device",)),
        (f"--name a --ca {here}/none.pem", ("none.pem cannot be read",)),
        (f"--name a --ca {here}/no.pem", ("no.pem has no certificate", "--ca takes")),
        (f"--name a --ca {here}/a --ca {here}/b --ca {here}/c", ("2 CAs at most",)),
        (f"--name a --inputs {here}/no.json", ("no.json is not JSON",)),
        (f"--name a --inputs {here}/object.json", ("must be a list of inputs",)),
        (f"--name a --inputs {here}/odd.json", ("inputs must be",)),
        (f"--name a --inputs {here}/smell.json", ("cannot work with this: inputs: type must be button or serial",)),
        ("--name a --wifi Shop", ("BOARDWALK_WIFI_PASSWORD", "--wifi-password-file")),
        (f"--name a --wifi Shop --wifi-password-file {here}/none", ("none cannot be read",)),
        ("--name a --wifi " + "w" * 33 + " --wifi-password-file /etc/hostname", ("a network has 1 to 32 bytes",)),
        (f"--name a --wifi Shop --wifi-password-file {here}/long", ("at most 63 bytes",)),
        ("--name a --edge http://127.0.0.1:1", ("BOARDWALK_TOKEN", "--token-file")),
        (f"--name a --edge http://127.0.0.1:1 --token-file {here}/odd.json", ("odd.json is no token",)),
        ("--name a --edge nonsense --token-file /etc/hostname", ("--edge is an address",)),
        ("--name a --edge http://127.0.0.1:1 --token-file /etc/hostname", ("No edge answers at http://127.0.0.1:1 (Connection refused)",)),
        (f"--name a --edge {edge.url} --token-file /etc/hostname", ("does not take this token", "--scope admin")),
    ]  # fmt: skip
    for words, sentence in cases:
        refused(await flash(edge, board, *words.split()), *sentence)
    assert image(board) == before


async def test_a_board_with_wifi_is_not_sent_to_an_edge_that_only_its_own_machine_reaches(
    edge: EdgeProcess, vboards: Fleet
) -> None:
    board = await started(vboards, "blank", "till-1")
    before = image(board)
    wifi = {"BOARDWALK_WIFI_PASSWORD": "gulls"}
    done = await flash(edge, board, "--name", "a", "--wifi", "Shop", more=wifi)
    refused(done, "cannot reach the edge at 127.0.0.1", '[mqtt] listen = "0.0.0.0:1883"', "--host")
    assert image(board) == before


async def test_without_an_edge_nothing_is_begun(tmp_path: Path, vboards: Fleet) -> None:
    board = await started(vboards, "blank", "till-1")
    (tmp_path / "boardwalk.toml").write_text("")
    before = image(board)
    refused(
        await flash(EdgeProcess(tmp_path), board, "--name", "a"), "No edge runs", "boardwalk run", "--edge"
    )
    assert image(board) == before


async def test_ports_that_are_none_are_told_from_those_in_use(
    edge: EdgeProcess, vboards: Fleet, tmp_path: Path
) -> None:
    board = await started(vboards, "blank", "till-1")
    refused(await ended(await begun(edge, "/dev/ttyNONE", "--name", "a")), "There is no port '/dev/ttyNONE'")
    (tmp_path / "file").write_text("")
    refused(await ended(await begun(edge, str(tmp_path / "file"), "--name", "a")), "is no serial port")
    before = image(board)
    with serial.Serial(await port_of(board), exclusive=True):
        refused(await flash(edge, board, "--name", "a"), "Another program uses", "monitor")
    assert image(board) == before


async def test_what_is_no_micropython_is_given_up_after_a_while(edge: EdgeProcess) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    flashing = asyncio.create_task(ended(await begun(edge, os.ttyname(slave), "--name", "a")))
    while not flashing.done():
        os.write(master, b"NMEA 52.1 N\r\n")
        await asyncio.sleep(0.2)
    done = await flashing
    refused(done, "No MicroPython answers", "NMEA 52.1 N", "reset button")
    assert (await edge.ask("GET", "/api/v1/devices"))["rows"] == []
    os.close(master)
    os.close(slave)


async def test_a_name_that_another_board_has_is_not_taken_without_consent(
    edge: EdgeProcess, vboards: Fleet
) -> None:
    first = await started(vboards, "blank", "one")
    second = await started(vboards, "prints", "two")
    assert (await flash(edge, first, "--name", "till-1")).code == 0
    before = image(second)
    refused(await flash(edge, second, "--name", "till-1"), "There is a device till-1 already", "--yes")
    assert image(second) == before
    lines = second.log().count("reading")
    async with patience():  # what ran goes on
        while second.log().count("reading") < lines + 10:
            await asyncio.sleep(0.05)
    assert (await flash(edge, second, "--name", "till-1", "--yes")).code == 0
    rows = (await edge.ask("GET", "/api/v1/devices"))["rows"]
    assert [row["name"] for row in rows] == ["till-1"]


async def test_a_flash_that_somebody_filled_is_told_with_what_fills_it(
    edge: EdgeProcess, vboards: Fleet
) -> None:
    board = await vboards.up("till-1", None, "pico", files={"/main.py": FILLED})
    async with patience():
        while "the flash is full" not in board.log():
            await asyncio.sleep(0.1)
    done = await flash(edge, board, "--name", "till-1")
    refused(done, "no room for the firmware", "/photos 7", "fs rm")
    assert {"main.py", "photos"} <= Image(board, "pico").names()
    assert (await edge.ask("GET", "/api/v1/devices"))["rows"] == []


async def undelivered(edge: EdgeProcess, board: VirtualBoard) -> int:
    """Let a board that works lose its edge, and press its button; events that are on its flash alone."""
    await edge.kill()
    edge.kill_broker()
    before = (await board.stats())["written"]
    for level in (1, 0) * 5:
        await board.pin(4, level)
        await asyncio.sleep(0.15)
    while (await board.stats())["written"] == before:
        await asyncio.sleep(0.05)
    await asyncio.sleep(2.5)
    await edge.start()
    return 5


async def test_events_that_no_edge_has_are_kept_and_delivered_and_keep_a_board_from_another_name(
    edge: EdgeProcess, vboards: Fleet, tmp_path: Path
) -> None:
    board = await started(vboards, "blank", "till-1")
    (tmp_path / "inputs.json").write_text(
        json.dumps([{"type": "button", "pin": 4, "kind": "button.pressed"}])
    )
    inputs = ("--inputs", str(tmp_path / "inputs.json"))
    assert (await flash(edge, board, "--name", "till-1", *inputs)).code == 0
    pressed = await undelivered(edge, board)
    port = await port_of(board)
    with serial.Serial(port, 115200) as line:  # an interrupted board delivers nothing
        line.write(b"\r\x03")
    done = await flash(edge, board, "--name", "till-9")
    refused(done, "The board holds up to", "events of till-1 at shop", "let it run")
    done = await flash(edge, board, "--name", "till-1")
    assert done.code == 0, done.err
    rows = (await edge.ask("GET", "/api/v1/events?device=till-1&kind=button.pressed"))["rows"]
    assert len(rows) == pressed
    kept = json.loads(Image(board).read("/settings.json"))["inputs"]
    assert kept == json.loads((tmp_path / "inputs.json").read_text())


async def test_a_delivered_board_takes_another_name_and_begins_a_new_outbox(
    edge: EdgeProcess, vboards: Fleet
) -> None:
    board = await started(vboards, "blank", "till-1")
    assert (await flash(edge, board, "--name", "till-1")).code == 0
    async with patience():  # until the board has noted on its flash what the edge has
        while not (
            Image(board).read("/outbox/cursor")[4] if "cursor" in Image(board).names("/outbox") else 0
        ):
            await asyncio.sleep(0.5)
    done = await flash(edge, board, "--name", "till-2")
    assert done.code == 0, done.err
    first, second = [
        (await edge.ask("GET", f"/api/v1/events?device={name}"))["rows"] for name in ("till-1", "till-2")
    ]
    assert len(first) == len(second) == 1
    assert first[0]["epoch"] != second[0]["epoch"]


async def test_a_program_of_somebody_else_is_kept_beside(edge: EdgeProcess, vboards: Fleet) -> None:
    board = await started(vboards, "prints", "till-1")
    program = Image(board).read("/main.py")
    done = await flash(edge, board, "--name", "till-1")
    assert done.err == "A program that was on the board is now /main.py.old.\n"
    assert Image(board).read("/main.py.old") == program


async def test_ctrl_c_says_how_to_go_on(edge: EdgeProcess, vboards: Fleet) -> None:
    board = await started(vboards, "blank", "till-1")
    flashing = await begun(edge, await port_of(board), "--name", "till-1")
    while (await board.stats())["boots"] < 3:  # the second is a soft reset, the third ends what ran
        await asyncio.sleep(0.01)
    flashing.send_signal(signal.SIGINT)
    refused(await ended(flashing), "run the same command again to complete it", code=130)
    assert (await flash(edge, board, "--name", "till-1")).code == 0


async def test_an_edge_that_goes_away_in_the_middle_leaves_a_board_that_is_completed_later(
    edge: EdgeProcess, vboards: Fleet
) -> None:
    board = await started(vboards, "blank", "till-1")
    flashing = await begun(edge, await port_of(board), "--name", "till-1")
    while (await board.stats())["boots"] < 3:  # the second is a soft reset, the third ends what ran
        await asyncio.sleep(0.01)
    await edge.kill()
    edge.kill_broker()
    refused(await ended(flashing), "No edge runs", "the board is not finished: run the same command again")
    await edge.start()
    assert (await flash(edge, board, "--name", "till-1")).code == 0


def test_without_its_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flash_command, "NEEDED", ("mpremote", "no_such_module"))
    done = CliRunner().invoke(cli, ["flash", "--name", "a"])
    assert done.exit_code == 1 and "pip install 'boardwalk-edge[flash]'" in done.stderr
