"""Who stands still and goes on, and any mix of faults: nothing is lost, nothing is doubled.

The seed and the faults are printed; BOARDWALK_SEED repeats a run, BOARDWALK_FAULTS asks for more of them.
"""

import asyncio
import os
from pathlib import Path

import pytest

from tests.faults.fault_site import Fault, Site, fault_site
from tests.faults.power.disk import Disk
from tests.faults.saboteur import OFFSET
from tests.faults.wire import Faults

KEEPALIVE_S = 2
LONGER_S = 7  # than a board waits for an ack (5 s and a quarter), and than 1.5 times that keepalive
DAY_MS = 86_400_000
PROCESSES = ("edge", "broker", "boards")


async def test_who_stands_still_for_longer_than_a_retry_loses_and_doubles_nothing(tmp_path: Path) -> None:
    folders = {who: tmp_path / who for who in (*PROCESSES, "link")}
    for folder in folders.values():
        folder.mkdir()
    await asyncio.gather(*(stands_still(folder, who) for who, folder in folders.items()))


async def stands_still(folder: Path, who: str) -> None:
    """A site where `who` stands still while a till sells; on a link, what is under way is late."""
    async with fault_site(folder, looks=True) as site:
        await site.add("till-1", keepalive=30 if who == "link" else KEEPALIVE_S)
        await site.scan("till-1", 20)
        selling = asyncio.create_task(site.scan("till-1", 200, 0.02))
        await asyncio.sleep(0.5)
        sent, connections = site.witness.ups, site.witness.connections
        await (site.silence(LONGER_S) if who == "link" else site.pause(who, LONGER_S))
        if who == "edge":
            assert site.witness.ups > sent + 1, "the till has sent again"
        await selling
        await site.settle()
        is_left = who in ("broker", "boards")  # silent for more than 1.5 times the keepalive
        assert (site.witness.connections > connections) == is_left
        await site.must_be_right()


class Mix:
    """Faults of a site, each at a random strength; those of wire and clock stay until they come again."""

    def __init__(self, site: Site, clock: Path) -> None:
        self._site = site
        self._chance = site.chance
        self._clock = clock
        self.all: list[Fault] = [
            site.kill_edge, site.kill_broker, site.cut_host, site.power_cut, self.still, self.wire,
            self.switch, self.silence, self.away, self.clock,
        ]  # fmt: skip

    def end(self) -> None:
        """Let wire and clock be right again."""
        self._site.witness.faults = Faults()
        self._clock.write_text("0")

    async def still(self) -> None:
        """Somebody stands still for a while."""
        await self._site.pause(self._chance.choice(PROCESSES), self._chance.uniform(0.2, 4))

    async def wire(self) -> None:
        """Messages are late, lost, doubled and swapped, each more or less."""
        share = [self._chance.uniform(0, 0.2) for _ in range(4)]
        self._site.witness.faults = Faults(*share, delay_s=self._chance.uniform(0, 0.1))

    async def switch(self) -> None:
        """All connections of boards break at once."""
        self._site.witness.cut()

    async def silence(self) -> None:
        """No byte moves for a while, and nobody is told."""
        await self._site.silence(self._chance.uniform(0.2, 4))

    async def away(self) -> None:
        """One board is out of reach of the Wi-Fi for a while."""
        board = self._site.boards[self._chance.choice(sorted(self._site.boards))]
        await board.link(False)
        await asyncio.sleep(self._chance.uniform(0.2, 3))
        await board.link(True)

    async def clock(self) -> None:
        """The edge's clock jumps."""
        self._clock.write_text(str(self._chance.choice((-DAY_MS, 0, DAY_MS))))


async def test_any_mix_of_faults_loses_and_doubles_nothing(disk: Disk, pytestconfig: pytest.Config) -> None:
    count = int(os.environ.get("BOARDWALK_FAULTS", 500 if pytestconfig.getoption("--soak") else 6))
    clock = disk.folder / "clock"
    clock.write_text("0")
    jumps = {"sabotage": ("clock_jumps", 0), "more": {OFFSET: str(clock)}}
    async with fault_site(disk.folder, looks=True, disk=disk, **jumps) as site:
        for number, profile in enumerate(("esp32", "pico"), 1):
            await site.add(f"till-{number}", profile, keepalive=KEEPALIVE_S)
        mix = Mix(site, clock)
        faults = site.chance.choices(mix.all, k=count)
        print(*(fault.__name__ for fault in faults))
        await site.under(faults)
        mix.end()
        await site.must_be_right()
        print(f"{count} faults, {len(site.record.told)} orders told, {len(site.witness.acks)} acks seen")
        assert len(site.record.told) > 5 * count
