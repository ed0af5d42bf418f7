"""Row 22: the power of the edge's host is cut; what no fsync confirmed may be gone, torn or out of order.

The disk is made up from a journal of all that the edge did to its files, see tests.faults.power.medium. The
seed is printed; BOARDWALK_SEED repeats a run, and BOARDWALK_FAULTS asks for another number of cuts.
"""

import asyncio
import os
import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest

from tests.faults.fault_site import Site, fault_site
from tests.faults.power.disk import Disk, build, put
from tests.faults.power.medium import Image

SMALL_LOG = ("checkpoints_often", 20)
Moment = tuple[int, int]  # acks that were seen by then, and its name for the disk


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """disk.c, compiled."""
    return build(tmp_path_factory.mktemp("library"))


@pytest.fixture
def disk(library: Path, tmp_path: Path) -> Disk:
    """A disk that is watched."""
    return Disk(tmp_path, library)


@pytest.fixture
def cuts(pytestconfig: pytest.Config) -> int:
    """How many cuts a test makes."""
    return int(os.environ.get("BOARDWALK_FAULTS", 300 if pytestconfig.getoption("--soak") else 4))


@pytest.mark.parametrize("sabotage", [None, SMALL_LOG], ids=["as it is", "small log"])
async def test_row_22_power_cuts_of_the_host_lose_and_double_nothing(
    sabotage: tuple[str, int] | None, disk: Disk, cuts: int
) -> None:
    async with fault_site(disk.folder, disk=disk, sabotage=sabotage) as site:
        for number in (1, 2):
            await site.add(f"till-{number}")
        await site.under([site.cut_host] * cuts)
        await site.must_be_right()
        print(f"{cuts} power cuts of the host, {len(site.record.told)} orders told")
        assert len(site.record.told) > 5 * cuts
        assert "the store was set back" not in site.edge.log


async def test_row_22_whatever_a_cut_leaves_of_a_moment_holds_what_was_acked_by_then(
    disk: Disk, cuts: int, tmp_path: Path
) -> None:
    """One run, and many moments of it that the power could have been cut at."""
    async with fault_site(disk.folder, disk=disk, sabotage=SMALL_LOG) as site:
        await site.add("till-1")
        watching = asyncio.create_task(moments(site, disk))
        await site.scan("till-1", 300, 0.005)
        await site.edge.kill()
        watching.cancel()
        (seen,) = await asyncio.gather(watching)
        assert len(seen) > 50
        for number, (acks, moment) in enumerate(site.chance.choices(seen, k=20 * cuts)):
            image = disk.medium(moment).after_a_cut(site.chance)
            integrity, stored = looked_at(image, disk.folder, tmp_path / str(number))
            assert integrity == "ok"
            for device, epoch, acked in site.witness.acks[:acks]:
                assert acked <= stored[(device, epoch)], (device, epoch, moment)


async def moments(site: Site, disk: Disk) -> list[Moment]:
    """Moments, each with the acks that boards had by then, until cancelled."""
    seen: list[Moment] = []
    try:
        while True:
            acks = len(site.witness.acks)
            seen.append((acks, disk.moment))
            await asyncio.sleep(0.005)
    except asyncio.CancelledError:
        return seen


def looked_at(image: Image, origin: Path, folder: Path) -> tuple[str, dict[tuple[str, int], int]]:
    """What integrity_check says of an image, and up to which seq each epoch is there without a gap."""
    folder.mkdir()
    put(image, origin, folder)
    connection = sqlite3.connect(folder / "data" / "boardwalk.db")
    (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    stored: dict[tuple[str, int], int] = defaultdict(int)
    for device, epoch, seq in connection.execute(
        "SELECT d.name, e.epoch, e.seq FROM event e JOIN device d ON d.id = e.device ORDER BY e.id"
    ):
        assert seq == stored[(device, epoch)] + 1, (device, epoch, seq)
        stored[(device, epoch)] = seq
    (generation,) = connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
    connection.close()
    newest = folder / "data" / "newest"
    if newest.exists():
        told, number = newest.read_text().split()
        assert (told, int(number) <= sum(stored.values())) == (generation, True)
    return integrity, stored
