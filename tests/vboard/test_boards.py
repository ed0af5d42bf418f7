"""What the simulated hardware does: resets, buttons, heap, lives and deaths."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.patience import patience
from tests.vboard.edge import Edge
from tests.vboard.till import Till, settings
from tools.vboard.client import Fleet, VboardError


async def test_a_board_works_in_a_heap_of_128_k(fleet: Fleet, edge: Edge, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"), heap="128K")
    till = Till(board)
    await till.work(1500)
    device = edge.device("till-1")
    assert len(till.told) == 1500
    await edge.until(lambda: len(device.rows) == 1501)
    assert device.states[-1]["heap_free"] > 10_000
    assert (await board.stats())["state"] == "on"


async def test_a_pressed_button_is_one_event_however_long_it_is_held(
    fleet: Fleet, edge: Edge, broker
) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    for level in (1, 0, 1, 0):
        await board.pin(4, level)
        await asyncio.sleep(0.1)
    await edge.until(lambda: len(device.events("button.pressed")) == 2)
    assert [press.fields for press in device.events("button.pressed")] == [{"item": "bell"}] * 2


async def test_resets_and_power_cuts_tell_their_reason_and_keep_the_numbers_rising(
    fleet: Fleet, edge: Edge, broker
) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    await board.reset()
    await edge.until(lambda: device.cursor == 2)
    await board.power_cut()
    assert (await board.stats())["state"] == "off"
    await board.boot()
    await edge.until(lambda: device.cursor == 3)
    starts = [(row.boot, row.fields["reason"]) for _, row in sorted(device.rows.items())]
    assert starts == [(1, "power"), (2, "power"), (3, "power")]


async def test_a_line_that_is_wrong_is_answered_in_its_place(fleet: Fleet, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    reader, writer = await board.uart()
    writer.write(b"a,1,2,x\nb,1,2\nc,one,2,x\n,1,2,x\n" + b"y" * 999 + b"\n\xff,1,2,x\nd,1,2,x\r\n")
    answers = [(await reader.readline()).split(maxsplit=1) for _ in range(7)]
    assert [words[0] for words in answers] == [b"ok", b"no", b"no", b"no", b"no", b"no", b"ok"]
    assert answers[1][1] == b"3 values, want 4\n"
    assert answers[3][1] == b"field customer: text, not empty\n"
    assert answers[4][1] == b"too long\n"
    assert int(answers[6][1].split()[1]) == int(answers[0][1].split()[1]) + 1


async def test_a_full_outbox_refuses_and_tells_how_often_once_there_is_room(
    fleet: Fleet, edge: Edge, broker
) -> None:
    edge.deaf = True
    told = settings(broker.port, "till-1", outbox_bytes=16384)
    till = Till(await fleet.up("till-1", told))
    await till.work(600)
    assert 150 < len(till.told) < 350
    await asyncio.sleep(0.6)  # a small report would still find a corner now
    await till.work(20)
    edge.deaf = False
    device = edge.device("till-1")
    await edge.until(lambda: device.events("device.refused"))
    (report,) = device.events("device.refused")
    assert till.refused == ["full"] * (620 - len(till.told))
    assert report.fields == {"count": len(till.refused)}
    assert len(device.events("order.placed")) == len(till.told)


async def test_a_board_survives_its_host_process_on_its_image(tmp_path: Path, edge, broker) -> None:
    device = edge.device("till-1")
    for boot in (1, 2):
        async with Fleet.start(tmp_path / "fleet") as fleet:
            till = Till(await fleet.up("till-1", settings(broker.port, "till-1")))
            await till.work(10)
            assert len(till.told) == 10
            await edge.until(lambda boot=boot: len(device.events("device.started")) == boot)
    assert [row.boot for row in device.events("device.started")] == [1, 2]


def parent_of(pid: int) -> int:
    """The process id of a process' parent, 0 when it has ended."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0
    state, parent = stat.read_text().rpartition(")")[2].split()[:2]
    return 0 if state == "Z" else int(parent)  # dead, and whoever inherited it has not noticed yet


async def test_no_board_outlives_a_host_that_was_killed(tmp_path: Path, broker) -> None:
    async with Fleet.start(tmp_path / "fleet") as fleet:
        board = await fleet.up("till-1", settings(broker.port, "till-1"))
        pid = (await board.stats())["pid"]
        host = parent_of(pid)
        async with patience():
            while "boot 1" not in board.log():  # it is born, and not about to be
                await asyncio.sleep(0.02)
        os.kill(pid, signal.SIGSTOP)  # so that no broken pipe can end it first
        os.kill(host, signal.SIGKILL)
        async with patience():
            while parent_of(pid):
                await asyncio.sleep(0.02)
        with pytest.raises(VboardError, match="ended"):
            await board.stats()


async def test_the_watchdog_restarts_a_board_that_hangs(fleet: Fleet, edge: Edge, broker) -> None:
    told = settings(broker.port, "till-1", watchdog_ms=1000)
    board = await fleet.up("till-1", told)
    device = edge.device("till-1")
    await edge.until(lambda: device.cursor == 1)
    os.kill((await board.stats())["pid"], signal.SIGSTOP)
    await edge.until(lambda: device.cursor == 2)
    assert device.rows[2].fields == {"reason": "watchdog"}


async def test_the_same_firmware_runs_on_cpython(tmp_path: Path, edge: Edge, broker) -> None:
    async with Fleet.start(tmp_path / "fleet", cpython=True) as fleet:
        board = await fleet.up("till-1", settings(broker.port, "till-1"))
        till = Till(board)
        await till.work(100)
        await board.power_cut()
        await board.boot()
        device = edge.device("till-1")
        await edge.until(lambda: len(device.events("device.started")) == 2)
        await board.pin(4, 1)
        await edge.until(lambda: device.events("button.pressed"))
        assert len(till.told) == 100
        assert [row.fields["quantity"] for row in device.events("order.placed")] == [*range(100)]
        assert [row.boot for row in device.events("device.started")] == [1, 2]


async def test_unknown_boards_and_double_names_are_refused(fleet: Fleet, broker) -> None:
    await fleet.up("till-1", settings(broker.port, "till-1"))
    with pytest.raises(VboardError, match="no board 'till-9'; boardwalk vboard list"):
        await fleet.board("till-9").boot()
    with pytest.raises(VboardError, match="up already"):
        await fleet.up("till-1", settings(broker.port, "till-1"))
