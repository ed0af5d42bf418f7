"""Many boards work beside each other."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from tests.patience import patience
from tests.vboard.edge import Edge
from tests.vboard.test_boards import parent_of
from tests.vboard.till import settings
from tools.commands.vboard import ORDER
from tools.vboard.client import Fleet

BOARDS = 20
ORDERS = 8  # of each board
MOST_PRIVATE_KB = 12_000


def private_kb(pid: int) -> int:
    """Memory that only this process has."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def connections(port: int) -> int:
    """How many clients a broker on loopback has now, as the kernel tells."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1] == f"0100007F:{port:04X}" and row[3] == "01" for row in rows)


async def test_many_boards_post_an_event_a_second_each_and_share_their_memory(
    fleet: Fleet, edge: Edge, broker
) -> None:
    names = [f"till-{number}" for number in range(BOARDS)]
    for name in names:
        told = settings(broker.port, name) | {"inputs": [ORDER]}
        await fleet.ask("up", name=name, settings=told, every_ms=1000)
    devices = [edge.device(name) for name in names]

    await edge.until(lambda: all(len(device.events("order.placed")) > ORDERS for device in devices))
    for device in devices:  # by the board's own clock
        at = [order.uptime_ms for order in device.events("order.placed")]
        assert at[ORDERS] - at[0] > 0.8 * ORDERS * 1000
    boards = await fleet.list()
    assert {each["state"] for each in boards} == {"on"}
    assert len({parent_of(each["pid"]) for each in boards}) == 1
    assert max(private_kb(each["pid"]) for each in boards) < MOST_PRIVATE_KB


async def test_boards_that_are_dropped_at_once_come_back_one_by_one_and_lose_nothing(
    fleet: Fleet, edge: Edge, broker, pytestconfig: pytest.Config
) -> None:
    count = 200 if pytestconfig.getoption("--soak") else 2 * BOARDS
    names = [f"till-{number}" for number in range(count)]
    for name in names:
        told = settings(broker.port, name) | {"inputs": [ORDER]}
        await fleet.ask("up", name=name, settings=told, every_ms=1000)
    devices = [edge.device(name) for name in names]
    await edge.until(lambda: all(device.events("order.placed") for device in devices))
    broker.stop()
    await asyncio.sleep(10)  # long enough for every board to have tried in vain
    orders = [len(device.events("order.placed")) for device in devices]
    broker.start()
    came: list[int] = []
    async with patience():
        while not came or came[-1] <= count:  # and the edge
            await asyncio.sleep(1)
            came.append(connections(broker.port))
    print("connections after each second:", came)
    at_once = max(now - before for before, now in pairwise([0, *came]))
    assert at_once < count * 2 / 3, f"they came in a crowd: {came}"
    wanted = [count + 10 for count in orders]  # what was ordered meanwhile
    await edge.until(
        lambda: all(len(d.events("order.placed")) > n for d, n in zip(devices, wanted, strict=True))
    )
    for device in devices:
        assert sorted(device.rows) == list(range(1, device.cursor + 1)) and not device.losts()
        assert device.states[-1] and device.states[-1]["refused"] == 0
