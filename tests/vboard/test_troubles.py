"""A board on its bad days: its LED and its log say which it is, and it works again without being touched."""

import asyncio
import json
from pathlib import Path

import pytest

from firmware.causes import SENTENCES
from firmware.troubles import CODES
from tests.patience import patience
from tests.vboard.broker import Broker
from tests.vboard.edge import Device, Edge
from tests.vboard.lamp import blinks
from tests.vboard.mpremote import mpremote
from tests.vboard.till import Till, settings
from tools.children import free_port
from tools.vboard.client import Fleet, VirtualBoard

WIFI = {"ssid": "shop", "password": "12345678"}


async def shows(board: VirtualBoard, code: str, words: str) -> None:
    """Wait for the line in the log, then look at the LED."""
    async with patience():
        while words not in board.log():
            await asyncio.sleep(0.05)
    assert await blinks(board) == {CODES.index(code) + 1}


async def back(edge: Edge, device: Device, code: str) -> None:
    """An order that was made meanwhile arrives, and the state tells what was."""
    await edge.until(lambda: len(device.events("order.placed")) == 1)
    await edge.until(lambda: device.states and (device.states[-1] or {}).get("trouble"))
    assert device.states[-1]["trouble"] == code
    assert device.states[-1]["trouble_ms"] > 0
    assert device.states[-1]["trouble_end_ms"] <= device.states[-1]["uptime_ms"]


async def one_order(board: VirtualBoard) -> None:
    till = Till(board)
    await till.work(1)
    assert len(till.told) == 1


async def test_no_wifi(fleet: Fleet, edge: Edge, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1", wifi=WIFI))
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    await board.link(False)
    await shows(board, "no-wifi", "no Wi-Fi shop: switch the access point on")
    await one_order(board)
    await board.link(True)
    await back(edge, device, "no-wifi")
    assert "no-wifi is over, after" in board.log()
    assert (await board.stats())["boots"] == 1


@pytest.mark.parametrize("profile", ["esp32", "pico"])
async def test_a_wrong_wifi_password(fleet: Fleet, edge: Edge, broker, profile: str) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1", wifi=WIFI), profile)
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    await board.wifi_password("somebody-changed-it")
    await board.link(False)
    await edge.until(lambda: device.states[-1] is None)
    await board.reset()
    await board.link(True)
    await shows(board, "wifi-password", "the Wi-Fi shop refuses the password")
    await one_order(board)
    await board.wifi_password(WIFI["password"])
    await back(edge, device, "wifi-password")


async def test_a_board_may_ask_again_while_its_chip_is_joining(fleet: Fleet, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    twice = "from firmware.board import Board; one = Board('/'); [one.join_wifi('shop', '') for _ in '12']"
    assert await mpremote(board, "exec", twice + "; print(one.wifi_fault())") == "None\n"


async def test_an_edge_that_is_not_there(fleet: Fleet, edge: Edge, broker: Broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    broker.stop()
    await shows(board, "no-edge", "no edge at 127.0.0.1:")
    await one_order(board)
    broker.start()
    await back(edge, device, "no-edge")


@pytest.mark.parametrize("host", ["127.0.0.1", "edge.invalid"], ids=["refused", "no such name"])
async def test_a_wrong_address(fleet: Fleet, broker, tmp_path: Path, host: str) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    wrong = settings(free_port(), "till-1", host=host)
    (tmp_path / "settings.json").write_text(json.dumps({**wrong, "host": host}))
    await mpremote(board, "cp", "settings.json", ":settings.json", cwd=tmp_path)
    await mpremote(board, "reset")
    await shows(board, "no-edge", f"no edge at {host}:{wrong['port']}: start it, or correct host and port")


async def test_a_revoked_board_asks_politely_and_works_again_when_it_is_let_in(
    fleet: Fleet, broker: Broker
) -> None:
    broker.let_in({"edge": "e", "till-1": "s"})
    edge = Edge(broker.port, "e")
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    broker.let_in({"edge": "e"})
    await shows(board, "login", "the edge refuses the credentials: revoked or wrong, flash the board again")
    await one_order(board)
    asked = broker.refusals()
    await asyncio.sleep(10)
    assert broker.refusals() - asked <= 5
    broker.let_in({"edge": "e", "till-1": "s"})
    await back(edge, device, "login")
    edge.close()


async def test_a_full_outbox(fleet: Fleet, edge: Edge, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1", outbox_bytes=16384))
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    edge.deaf = True
    till = Till(board)
    await till.work(600)
    assert "full" in till.refused
    await shows(board, "outbox-full", "outbox full, events are refused: bring the board online")
    edge.deaf = False
    await edge.until(lambda: len(device.events("order.placed")) == len(till.told))
    await edge.until(lambda: "outbox-full is over, after" in board.log())
    await edge.until(lambda: len(device.events("device.refused")) > 0)


async def test_two_troubles_take_turns(fleet: Fleet, edge: Edge, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1", outbox_bytes=16384, wifi=WIFI))
    await board.link(False)
    till = Till(board)
    await till.work(600)
    both = {CODES.index("no-wifi") + 1, CODES.index("outbox-full") + 1}
    assert await blinks(board, 3) == both


@pytest.mark.parametrize(
    "file, words",
    [
        (b"{", "settings: /settings.json is no JSON"),
        (b"[" * 4000, "settings: /settings.json is no JSON"),
        (b"{}", " must be "),
        (b'{"site": "shop", "colour": 1}', "settings: unknown key colour"),
        (None, "settings: /settings.json is missing"),
        (
            b'{"site": "shop", "device": "till-1", "secret": "s", "host": "127.0.0.1", '
            b'"inputs": [{"type": "button", "kind": "button.pressed", "pin": 99}]}',
            "settings: inputs: a button: invalid pin",
        ),
    ],
    ids=["no JSON", "too deep", "no site", "unknown", "none", "no such pin"],
)
async def test_settings_that_cannot_be_used(
    fleet: Fleet, edge: Edge, broker, tmp_path: Path, file: bytes | None, words: str
) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    await mpremote(board, "cp", ":settings.json", "good.json", cwd=tmp_path)
    if file is None:
        await mpremote(board, "rm", ":settings.json")
    else:
        (tmp_path / "bad.json").write_bytes(file)
        await mpremote(board, "cp", "bad.json", ":settings.json", cwd=tmp_path)
    await mpremote(board, "reset")
    await shows(board, "settings", words)
    await mpremote(board, "cp", "good.json", ":settings.json", cwd=tmp_path)
    await mpremote(board, "reset")
    await edge.until(lambda: len(edge.device("till-1").events("device.started")) >= 1)


async def test_a_board_that_is_well_is_dark(fleet: Fleet, edge: Edge, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await blinks(board)
    assert "trouble" not in device.states[-1]


def test_every_code_has_a_sentence() -> None:
    assert set(SENTENCES) == set(CODES)
