"""Kill the edge, the broker and the power of boards at random moments of a replay: nothing is lost.

The seed is printed; BOARDWALK_SEED repeats a run. `make soak` kills a hundred times as often.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.fault_site import Fault, Site, fault_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site with three tills."""
    async with fault_site(tmp_path, looks=True) as one:
        for number in (1, 2, 3):
            await one.add(f"till-{number}")
        yield one


@pytest.fixture
def count(pytestconfig: pytest.Config) -> int:
    """How many faults of a kind; BOARDWALK_FAULTS asks for another number."""
    return int(os.environ.get("BOARDWALK_FAULTS", 1000 if pytestconfig.getoption("--soak") else 10))


async def survives(site: Site, faults: list[Fault]) -> None:
    """Sell while faults happen; then let the judge look."""
    await site.under(faults)
    await site.must_be_right()
    print(f"{len(faults)} faults, {len(site.record.told)} orders told, {len(site.witness.acks)} acks seen")
    assert len(site.record.told) > 5 * len(faults)
    assert len(site.witness.acks) > len(faults)


async def test_ten_kills_of_the_edge_lose_and_double_nothing(site: Site, count: int) -> None:
    await survives(site, [site.kill_edge] * count)


async def test_ten_kills_of_the_broker_lose_and_double_nothing(site: Site, count: int) -> None:
    """Row 17."""
    await survives(site, [site.kill_broker] * count)


async def test_power_cuts_of_many_boards_in_mid_write_lose_and_double_nothing(
    tmp_path: Path, count: int, pytestconfig: pytest.Config
) -> None:
    """Row 1: ten times as many cuts as kills, at ten boards at once."""
    boards = 20 if pytestconfig.getoption("--soak") else 5
    cuts = 10 * count // boards
    async with fault_site(tmp_path) as site:
        for number in range(boards):
            await site.add(f"till-{number}", "pico" if number % 2 else "esp32")
        await asyncio.gather(*(suffers(site, name, cuts) for name in site.boards))
        await site.must_be_right()
        assert len(site.record.told) > 2 * cuts * boards
        boots = [(await board.stats())["boots"] for board in site.boards.values()]
        assert sum(boots) == (cuts + 1) * boards
        print(f"{cuts * boards} power cuts, {len(site.record.told)} orders told")


async def suffers(site: Site, name: str, cuts: int) -> None:
    """One board: orders, and a cut in the middle of a flash write, again and again."""
    for _ in range(cuts):
        selling = asyncio.create_task(site.scan(name, 30, 0.005, 5))
        await asyncio.sleep(site.chance.uniform(0, 0.3))
        await site.off(name, site.chance.randrange(1, 4000), wait_s=0.5)
        await selling
        await site.on(name)
    await site.scan(name, 10)


async def test_all_of_it_at_once_loses_and_doubles_nothing(site: Site, count: int) -> None:
    faults = [site.kill_edge, site.kill_broker, site.power_cut] * (count // 3)
    site.chance.shuffle(faults)
    await survives(site, faults)
