"""What years ask of a board, with the clock turned faster: wear of flash, weeks offline, a million publishes."""

import asyncio
from pathlib import Path

import pytest
import serial

from tests.patience import PATIENCE_S, patience
from tests.vboard.broker import Broker
from tests.vboard.edge import Edge
from tests.vboard.sink import Sink
from tests.vboard.till import settings
from tools.vboard.client import Fleet, VirtualBoard

HERE = {"host": "127.0.0.1"}
WEEK = 7 * 24 * 60
EVENTS = 2000
PUBLISHES = 1_000_000
FAKE = """
import sys
sys.path.insert(0, "/slot_a")
from firmware.flash import Flash
from firmware.outbox import Outbox
from firmware.wire import event

class Fake:
    flash = Flash("/")
    now = 0

    def uptime_ms(self):
        return self.now

    def random(self):
        return 7

board = Fake()
"""
A_SECOND = """
box = Outbox(board, 622592)
input("ready")
for _ in range(%d):
    box.add(bytes(58))
    for _ in range(4):
        board.now += 250
        box.tick()
        box.ack(box.durable)
print("done", box.last)
"""
A_MINUTE = """
box = Outbox(board, 622592)
input("ready")
for number in range(%d):
    fields = {"customer": "%%05d" %% number, "quantity": 2, "cents": number, "ordered_on": "1997-01-01"}
    each = event.Event("order.placed", fields, 1, board.now, 1790000000000 + board.now, event.FLOOR)
    box.add(event.encode(each))
    for _ in range(10):
        board.now += 6000
        box.tick()
box.close()
print("done", box.last, box.refused, box.full_percent())
"""
PUBLISH = """
import asyncio, gc, sys
sys.path.insert(0, "/slot_a")
from firmware.board import open_board
from firmware.mqtt import Client

board = open_board("/")

async def read(client):
    while True:
        await client.receive()

async def main():
    client = Client(board, ("127.0.0.1", %d, None), ("x", "x", "x"), ("will", b""))
    await client.connect()
    asyncio.create_task(read(client))
    payload = bytes(80)
    for number in range(1, %d + 1):
        await client.publish("bw1/shop/till-1/up", payload, 1)
        if number %% 50000 == 0:
            gc.collect()
            print("free", gc.mem_free())
    print("done", client.packet_id)

asyncio.run(main())
"""


async def told(board: VirtualBoard, word: str) -> list[str]:
    """The words of the line that begins so, once the board has printed it."""
    async with patience():
        while True:
            for line in board.log().splitlines():
                if line.startswith(word):
                    return line.split()
            await asyncio.sleep(0.05)


async def ran(fleet: Fleet, profile: str, program: str) -> tuple[VirtualBoard, int]:
    """Run a program on a board until it is done; the board, and how many blocks it erased."""
    board = await fleet.up("x", HERE, profile, files={"/boot.py": b"", "/main.py": (FAKE + program).encode()})
    await told(board, "ready")
    before = (await board.stats())["erases"]
    with serial.Serial((await board.stats())["port"], timeout=PATIENCE_S) as line:
        line.write(b"\r")
    await told(board, "done")
    return board, (await board.stats())["erases"] - before


@pytest.mark.parametrize("profile", ["esp32", "pico"])
async def test_an_event_a_second_wears_flash_by_less_than_a_fifth_of_an_erase(
    vboards: Fleet, profile: str
) -> None:
    _, erases = await ran(vboards, profile, A_SECOND % EVENTS)
    assert 0 < erases / EVENTS <= 0.2


@pytest.mark.parametrize("profile", ["esp32", "pico"])
async def test_a_week_without_wifi_at_an_event_a_minute_is_delivered_in_order(
    tmp_path: Path, broker: Broker, edge: Edge, profile: str
) -> None:
    folder = tmp_path / "boards"
    async with Fleet.start(folder) as fleet:
        board, _ = await ran(fleet, profile, A_MINUTE % WEEK)
        assert (await told(board, "done"))[1:3] == [str(WEEK), "0"]
    async with Fleet.start(folder) as fleet:  # its own programs again
        await fleet.up("x", settings(broker.port, "till-1"), profile)
        await edge.until(lambda: len(edge.device("till-1").events("order.placed")) == WEEK)
    orders = edge.device("till-1").events("order.placed")
    assert [order.fields["cents"] for order in orders] == list(range(WEEK))
    assert not edge.device("till-1").losts()


async def test_a_million_publishes_on_one_boot_leave_the_heap_as_it_was(vboards: Fleet) -> None:
    async with Sink.open() as sink:
        program = PUBLISH % (sink.port, PUBLISHES)
        board = await vboards.up("x", HERE, files={"/boot.py": b"", "/main.py": program.encode()})
        async with patience():
            await told(board, "done")
            while sink.publishes < PUBLISHES:  # what is in buffers still
                await asyncio.sleep(0.05)
        assert await told(board, "done") == ["done", str((PUBLISHES - 1) % 65535 + 1)]
    free = [int(line.split()[1]) for line in board.log().splitlines() if line.startswith("free")]
    assert len(free) == PUBLISHES // 50_000 and max(free) - min(free) < 1024
    assert (sink.publishes, sink.wrong) == (PUBLISHES, 0)
