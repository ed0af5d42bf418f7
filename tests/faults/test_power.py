"""Row 22: the power of the edge's host is cut; what no fsync confirmed may be gone, torn or out of order.

The disk is made up from a journal of all that the edge did to its files, see tests.faults.power.medium. The
seed is printed; BOARDWALK_SEED repeats a run, and BOARDWALK_FAULTS asks for another number of cuts.
"""

import asyncio
import os
import random
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.faults.checker import Record, judge
from tests.faults.fault_site import EVERY, Site, fault_site
from tests.faults.power.disk import Disk, put

SMALL_LOG = ("checkpoints_often", 20)
Moment = tuple[int, int]  # acks that were seen by then, and its name for the disk


class Luck(random.Random):
    """With it a disk has everything, confirmed or not."""

    def choice(self, sequence: Sequence[Any]) -> Any:
        return sequence[-1]

    def random(self) -> float:
        return 0.0


@pytest.fixture
def cuts(pytestconfig: pytest.Config) -> int:
    """How many cuts a test makes."""
    return int(os.environ.get("BOARDWALK_FAULTS", 300 if pytestconfig.getoption("--soak") else 2))


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
    assert on_paper(disk) == there(site.edge.data)


async def test_row_22_whatever_a_cut_leaves_of_a_moment_holds_what_was_acked_by_then(
    disk: Disk, cuts: int
) -> None:
    """One run, and many moments of it that the power could have been cut at."""
    async with fault_site(disk.folder, disk=disk, sabotage=SMALL_LOG) as site:
        seen = await watched(site, disk)
        assert len(seen) > 50
        for moment in site.chance.choices(seen, k=25 * cuts):
            assert after_a_cut(site, disk, moment) == {}


async def test_row_22_an_edge_that_does_not_wait_for_its_disk_is_found_out(disk: Disk) -> None:
    async with fault_site(disk.folder, disk=disk, sabotage=("never_syncs", 0)) as site:
        *_, last = await watched(site, disk)
        found = [after_a_cut(site, disk, last) for _ in range(10)]
        assert any("lost" in one for one in found), found


def on_paper(disk: Disk) -> dict[str, bytes]:
    """The files of the data folder as the journal has them; the broker's are not in it."""
    image = disk.medium().after_a_cut(Luck())
    return {
        name.name: data for name, data in image.items() if data is not None and name.parent.name == "data"
    }


def there(data: Path) -> dict[str, bytes]:
    """The files of the data folder as they are."""
    return {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}


async def watched(site: Site, disk: Disk) -> list[Moment]:
    """Moments while a till sells, up to a kill."""
    await site.add("till-1")
    seen: list[Moment] = []
    selling = asyncio.create_task(site.scan("till-1", 300, 0.005))
    while not selling.done():
        acks = len(site.witness.acks)
        seen.append((acks, disk.moment))
        await asyncio.sleep(0.005)
    await site.edge.kill()
    return seen


def after_a_cut(site: Site, disk: Disk, moment: Moment) -> dict[str, list[str]]:
    """What the judge finds in what a cut may leave of a moment; what is under way at it is not missed."""
    acks, place = moment
    record = Record(sent=site.record.sent, acks=site.witness.acks[:acks], every=EVERY)
    with TemporaryDirectory(dir=disk.folder) as folder:
        put(disk.medium(place).after_a_cut(site.chance), disk.folder, Path(folder))
        store = Path(folder) / "data" / "boardwalk.db"
        newest = store.with_name("newest")
        assert not newest.exists() or re.fullmatch(r"\w{16} \d+\n", newest.read_text())
        try:
            return judge(record, store).breaches()
        except (sqlite3.DatabaseError, ValueError) as error:  # of a store that is not one any more
            return {"lost": [str(error)]}
