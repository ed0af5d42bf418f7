"""A disk that takes its time: acks come late and are right, and nobody else notices."""

import asyncio
import time

import aiohttp
import pytest

from tests.faults.fault_site import Site, fault_site
from tests.faults.power.disk import Disk

QUICK_S = 0.5  # on a machine that does other things too


async def slowest_answer(site: Site, doing: asyncio.Task[None]) -> float:
    """The longest that /healthz took while something else was done, in seconds."""
    slowest = 0.0
    async with aiohttp.ClientSession() as session:
        while not doing.done():
            begun = time.monotonic()
            async with session.get(f"{site.edge.url}/healthz") as told:
                assert told.status == 200
            slowest = max(slowest, time.monotonic() - begun)
            await asyncio.sleep(0.05)
    await doing
    return slowest


async def each_fsync_is_slow(site: Site, disk: Disk) -> None:
    """Orders while each fsync takes 0.3 s longer, and a new board meanwhile."""
    disk.slow(300)
    selling = asyncio.create_task(site.scan("till-1", 100, 0.01))
    await asyncio.sleep(0.5)
    await site.add("till-2", "pico")
    await site.scan("till-2", 20, 0.01)
    await selling
    await site.settle()
    disk.slow(0)


async def one_fsync_stalls(site: Site, disk: Disk) -> None:
    """Orders while an fsync takes 5 s longer."""
    selling = asyncio.create_task(site.scan("till-1", 250, 0.02))
    await asyncio.sleep(0.5)
    disk.slow(5000)
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
        slowest = await slowest_answer(site, asyncio.create_task(trouble(site, disk)))
        print(f"/healthz took {slowest * 1000:.0f} ms at most")
        assert slowest < QUICK_S
        assert site.witness.connections == len(site.boards)
        await site.must_be_right()
