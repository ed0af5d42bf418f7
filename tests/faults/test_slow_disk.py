"""A disk that takes its time: acks come late and are right, and nobody else notices."""

import asyncio
import statistics
import time

import aiohttp
import pytest

from tests.faults.fault_site import Site, fault_site
from tests.faults.power.disk import Disk

LONGER_S, STALL_S = 0.3, 5.0  # for each fsync, for one


async def answers(site: Site, doing: asyncio.Task[None]) -> list[float]:
    """How long each /healthz took while something else was done, in seconds."""
    took = list[float]()
    async with aiohttp.ClientSession() as session:
        while not doing.done():
            begun = time.monotonic()
            async with session.get(f"{site.edge.url}/healthz") as told:
                assert told.status == 200
            took.append(time.monotonic() - begun)
            await asyncio.sleep(0.05)
    await doing
    return took


async def each_fsync_is_slow(site: Site, disk: Disk) -> None:
    """Orders while each fsync takes longer, and a new board meanwhile."""
    disk.slow(int(LONGER_S * 1000))
    selling = asyncio.create_task(site.scan("till-1", 100, 0.01))
    await asyncio.sleep(0.5)
    await site.add("till-2", "pico")
    await site.scan("till-2", 20, 0.01)
    await selling
    await site.settle()
    disk.slow(0)


async def one_fsync_stalls(site: Site, disk: Disk) -> None:
    """Orders while an fsync stalls."""
    selling = asyncio.create_task(site.scan("till-1", 250, 0.02))
    await asyncio.sleep(0.5)
    disk.slow(int(STALL_S * 1000))
    await asyncio.sleep(0.5)
    disk.slow(0)
    before = len(site.witness.acks)
    await asyncio.sleep(3)
    assert len(site.witness.acks) == before, "nothing can be acked while the disk stalls"
    await selling


@pytest.mark.parametrize("trouble", [each_fsync_is_slow, one_fsync_stalls])
async def test_a_slow_disk_makes_acks_late_and_nothing_else(trouble, disk: Disk) -> None:  # type: ignore[no-untyped-def]
    async with fault_site(disk.folder, disk=disk) as site:
        await site.add("till-1")
        await site.scan("till-1", 20)
        took = await answers(site, asyncio.create_task(trouble(site, disk)))
        usual, slowest = statistics.median(took), max(took)
        print(f"/healthz took {usual * 1000:.0f} ms, {slowest * 1000:.0f} ms at most, {len(took)} times")
        assert usual < LONGER_S / 2
        assert slowest < STALL_S / 2
        assert site.witness.connections == len(site.boards)
        await site.must_be_right()
