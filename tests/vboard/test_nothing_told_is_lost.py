"""Boards lose power in the middle of flash writes, and their link; what a till was told arrives once."""

import asyncio
import random

from tests.vboard.edge import Edge
from tests.vboard.till import Till, settings
from tools.vboard.client import Fleet, VirtualBoard

CUTS = 10
ORDERS = 200


async def suffer(board: VirtualBoard, till: Till, chance: random.Random) -> None:
    """Orders, with power cuts at random bytes and link losses between and within them."""
    for cut in range(CUTS):
        await board.power_cut(after_bytes=chance.randrange(1, chance.choice([3_000, 60_000])))
        if cut % 3 == 1:
            await board.link(False, silent=cut % 2 == 0)
        working = asyncio.create_task(till.work(ORDERS))
        try:
            await board.off(timeout_s=3)
        except TimeoutError:
            await board.power_cut()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await board.link(True)
        await board.boot()


async def test_what_was_told_arrives_exactly_once_over_power_cuts_and_link_losses(
    fleet: Fleet, edge: Edge, broker
) -> None:
    names = ["till-1", "till-2", "till-3"]
    profiles = ["esp32", "pico", "esp32"]
    boards = [
        await fleet.up(name, settings(broker.port, name, critical=name == "till-1"), profile)
        for name, profile in zip(names, profiles, strict=True)
    ]
    tills = [Till(board) for board in boards]
    chances = [random.Random(seed) for seed in range(3)]
    await asyncio.gather(*map(suffer, boards, tills, chances))
    for till in tills:
        await till.work(8)
        last = max(seq for _, seq in till.told.values())
        device = edge.device(till.board.name)
        await edge.until(lambda device=device, last=last: device.cursor >= last)
        check(device, till)
        assert (await till.board.stats())["boots"] == CUTS + 1


def check(device, till: Till) -> None:
    """Every told order is there under the number that was told, and none that was never sent."""
    assert device.losts() == []
    assert sorted(device.rows) == list(range(1, device.cursor + 1))
    arrived = {seq: event for seq, event in device.rows.items() if event.kind == "order.placed"}
    numbers = [event.fields["quantity"] for event in arrived.values()]
    assert len(numbers) == len(set(numbers))
    assert set(till.told) <= set(numbers) <= set(range(till.sent))
    for number, (epoch, seq) in till.told.items():
        assert (device.epoch, arrived[seq].fields["quantity"]) == (epoch, number)
    assert len(till.told) > CUTS * 10
