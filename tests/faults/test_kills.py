"""Kill the edge, the broker and the power of boards at random moments of a replay: nothing is lost.

The seed is printed; BOARDWALK_SEED repeats a run. `make soak` kills a hundred times as often.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.fault_site import Fault, Site, fault_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site with three tills."""
    async with fault_site(tmp_path) as one:
        for number in (1, 2, 3):
            await one.add(f"till-{number}")
        yield one


@pytest.fixture
def count(pytestconfig: pytest.Config) -> int:
    """How many faults of a kind."""
    return 1000 if pytestconfig.getoption("--soak") else 10


async def survives(site: Site, faults: list[Fault]) -> None:
    """Sell while faults happen; then let the judge look."""
    await site.under(faults)
    await site.must_be_right()
    assert len(site.record.told) > 5 * len(faults)
    assert len(site.witness.acks) > len(faults)


async def test_ten_kills_of_the_edge_lose_and_double_nothing(site: Site, count: int) -> None:
    await survives(site, [site.kill_edge] * count)


async def test_ten_kills_of_the_broker_lose_and_double_nothing(site: Site, count: int) -> None:
    """Row 17."""
    await survives(site, [site.kill_broker] * count)


async def test_ten_power_cuts_in_mid_write_lose_and_double_nothing(site: Site, count: int) -> None:
    """Row 1."""
    await survives(site, [site.power_cut] * count)


async def test_all_of_it_at_once_loses_and_doubles_nothing(site: Site, count: int) -> None:
    faults = [site.kill_edge, site.kill_broker, site.power_cut] * (count // 3)
    site.chance.shuffle(faults)
    await survives(site, faults)
