"""How a board and its edge agree on what has arrived; on real MicroPython, through a real broker."""

import asyncio
import json

from firmware.wire import event, frame, reading, state, topics
from tests.patience import patience
from tests.vboard.broker import Broker
from tests.vboard.edge import Edge
from tests.vboard.till import Till, settings
from tools.vboard.client import Fleet, VirtualBoard


async def drained(edge: Edge, till: Till) -> None:
    last = max(seq for _, seq in till.told.values())
    device = edge.device(till.board.name)
    await edge.until(lambda: device.cursor >= last)


async def waiting_after_reconnect(edge: Edge, board: VirtualBoard) -> int:
    """How many events the board holds to be not acked, as its next state message tells."""
    states = edge.device(board.name).states
    seen = len(states)
    await board.link(False)
    await board.link(True)
    await edge.until(lambda: states[seen:] and states[-1])
    return states[-1]["outbox_waiting"]


def orders(edge: Edge, name: str) -> list[int]:
    return [event.fields["quantity"] for event in edge.device(name).events("order.placed")]


async def test_a_board_says_who_it_is_and_that_it_has_started(fleet, edge, broker) -> None:
    await fleet.up("till-1", settings(broker.port, "till-1"))
    device = edge.device("till-1")
    await edge.until(lambda: device.states and device.cursor == 1)
    facts = device.states[0]
    assert facts == {
        "epoch": device.epoch, "boot": 1, "uptime_ms": facts["uptime_ms"], "firmware": "0.1.0",
        "reset": "power", "heap_free": facts["heap_free"], "heap_low": facts["heap_low"],
        "outbox_waiting": 1, "outbox_full": 0, "refused": 0,
    }  # fmt: skip
    assert device.rows[1].kind == "device.started"
    assert device.rows[1].fields == {"reason": "power"}


async def test_events_that_wait_for_an_absent_broker_arrive_when_it_is_back(
    fleet: Fleet, edge: Edge, broker: Broker
) -> None:
    broker.stop()
    till = Till(await fleet.up("till-1", settings(broker.port, "till-1")))
    await till.work(100)
    assert sorted(till.told) == list(range(100))
    broker.start()
    await drained(edge, till)
    assert orders(edge, "till-1") == list(range(100))


async def test_an_edge_that_was_restored_gets_again_what_the_board_still_holds(
    fleet: Fleet, edge: Edge, broker: Broker
) -> None:
    till = Till(await fleet.up("till-1", settings(broker.port, "till-1")))
    await till.work(80)
    await drained(edge, till)
    device = edge.device("till-1")
    edge.forget("till-1", cursor=20)
    await till.work(8)
    await drained(edge, till)
    assert orders(edge, "till-1") == list(range(88))
    assert sorted(device.rows) == list(range(1, device.cursor + 1))
    assert device.losts() == []


async def test_what_a_restored_edge_asks_for_waits_on_the_board_again(
    fleet: Fleet, edge: Edge, broker: Broker
) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    till = Till(board)
    await till.work(80)
    await drained(edge, till)
    device = edge.device("till-1")
    edge.deaf = True
    body = {"epoch": device.epoch, "acked": 20, "want": 21, "now": 1, "win": 8}
    edge.send("shop", "till-1", "ack", json.dumps(body).encode())
    await asyncio.sleep(0.3)
    assert await waiting_after_reconnect(edge, board) == device.cursor - 20


async def test_what_the_board_holds_no_longer_is_reported_as_one_trimmed_run(
    fleet: Fleet, edge: Edge, broker: Broker
) -> None:
    told = settings(broker.port, "till-1", outbox_bytes=16384)
    till = Till(await fleet.up("till-1", told))
    await till.work(600)
    await drained(edge, till)
    device = edge.device("till-1")
    edge.forget("till-1", cursor=2)
    await till.work(8)
    await drained(edge, till)
    (lost,) = device.losts()
    assert (lost.first, lost.reason) == (3, frame.TRIMMED)
    kept = [seq for seq in device.rows if seq > lost.last]
    assert kept == list(range(lost.last + 1, device.cursor + 1))


async def test_a_single_event_that_the_edge_cannot_read_is_given_up_and_the_rest_arrives(
    fleet: Fleet, edge: Edge, broker: Broker
) -> None:
    edge.refuse = lambda record: "a bad record" if b"c13" in record else None
    till = Till(await fleet.up("till-1", settings(broker.port, "till-1")))
    await till.work(40)
    await drained(edge, till)
    device = edge.device("till-1")
    (lost,) = device.losts()
    assert (lost.first, lost.last, lost.reason) == (till.told[13][1],) * 2 + (frame.REFUSED,)
    assert b"c13" in lost.payload
    assert orders(edge, "till-1") == [number for number in range(40) if number != 13]


async def test_an_edge_without_room_is_asked_again_later(fleet: Fleet, edge: Edge, broker: Broker) -> None:
    edge.win = 0
    till = Till(await fleet.up("till-1", settings(broker.port, "till-1")))
    await till.work(200)
    device = edge.device("till-1")
    await edge.until(lambda: device.frames > 0)
    assert device.cursor == 0
    await asyncio.sleep(2)  # what was on its way when the window closed
    frames = device.frames
    await asyncio.sleep(7)
    assert frames <= device.frames <= frames + 2  # one asks again after 5 s, not a window full
    edge.win = 8
    edge.send("shop", "till-1", "ack", b'{"epoch":%d,"acked":0,"now":1,"win":8}' % device.epoch)
    await drained(edge, till)
    assert orders(edge, "till-1") == list(range(200))


async def test_a_connection_that_went_silent_is_left_after_one_and_a_half_keepalives(
    fleet: Fleet, edge: Edge, broker: Broker
) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1", keepalive=2))
    till = Till(board)
    await till.work(8)
    await drained(edge, till)
    await board.link(False, silent=True)
    await till.work(8)
    async with patience():
        while "silent" not in board.log():
            await asyncio.sleep(0.05)
    await board.link(True)
    await drained(edge, till)
    assert orders(edge, "till-1") == list(range(16))


async def test_a_broken_link_shows_as_offline_and_a_new_one_as_online(
    fleet: Fleet, edge: Edge, broker: Broker
) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    device = edge.device("till-1")
    await edge.until(lambda: len(device.states) == 1)
    await board.link(False)
    await edge.until(lambda: device.states[-1] is None)
    await board.link(True)
    await edge.until(lambda: device.states[-1] is not None)


async def test_acks_of_another_epoch_or_beyond_the_last_event_change_nothing(
    fleet: Fleet, edge: Edge, broker: Broker
) -> None:
    edge.deaf = True
    till = Till(await fleet.up("till-1", settings(broker.port, "till-1")))
    device = edge.device("till-1")
    await till.work(8)
    for epoch, acked in ((device.epoch ^ 1, 3), (device.epoch, 1000)):
        body = {"epoch": epoch, "acked": acked, "now": 1, "win": 8}
        edge.send("shop", "till-1", "ack", json.dumps(body).encode())
    edge.send("shop", "till-1", "ack", b"nonsense")
    edge.send("shop", "till-1", "cmd", b"\xff unknown")
    await asyncio.sleep(0.3)
    assert await waiting_after_reconnect(edge, till.board) == 9
    edge.deaf = False
    await till.work(8)
    await drained(edge, till)
    assert orders(edge, "till-1") == list(range(16))


async def test_the_edge_gives_a_board_its_time(fleet: Fleet, edge: Edge, broker: Broker) -> None:
    edge.now_ms = 1_893_456_000_000
    till = Till(await fleet.up("till-1", settings(broker.port, "till-1")))
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    started = device.rows[1]
    assert (started.at, started.quality) == (0, event.NO_CLOCK)
    await asyncio.sleep(0.1)
    await till.work(8)
    await drained(edge, till)
    order = device.events("order.placed")[0]
    assert order.quality == event.EDGE
    assert edge.now_ms <= order.at <= edge.now_ms + order.uptime_ms


async def test_a_retained_state_is_on_the_topic_of_the_contract(fleet, edge, broker) -> None:
    assert topics.topic("shop", "till-1", "state") == "bw1/shop/till-1/state"
    assert reading.state(state.OFFLINE) is None


async def test_a_board_waits_for_its_wifi(fleet: Fleet, edge: Edge, broker: Broker) -> None:
    told = settings(broker.port, "till-1", wifi={"ssid": "shop", "password": "12345678"})
    board = await fleet.up("till-1", told)
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    assert device.states[-1]["rssi"] == -55
    await board.link(False)
    till = Till(board)
    await till.work(16)
    assert len(till.told) == 16
    await board.link(True)
    await drained(edge, till)
    assert orders(edge, "till-1") == list(range(16))
