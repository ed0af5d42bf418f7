"""Kill the edge, the broker and the power of boards at random moments of a replay: nothing is lost.

The seed is printed; BOARDWALK_SEED repeats a run. `make soak` kills a hundred times as often.
"""

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.edge_process import EdgeProcess, edge_process
from tests.faults.checker import Record, judge, read
from tests.faults.wire import Witness, witness
from tools.replay import FIELDS, Order, Till
from tools.vboard.client import Board, Fleet

RULES = """
[[rule]]
name = "second"
on = "order.placed"
every = 2
to = "staff@shop.example"
"""
BOARDS = 3
PACE_S = 0.01


@dataclass
class Site:
    """An edge, boards and a witness between them, with orders that never end."""

    edge: EdgeProcess
    fleet: Fleet
    witness: Witness
    chance: random.Random
    record: Record = field(default_factory=Record)
    boards: dict[str, Board] = field(default_factory=dict)
    selling: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    powered: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    stopped: bool = False

    async def open(self) -> None:
        """Register the boards and switch them on."""
        for number in range(1, BOARDS + 1):
            name = f"till-{number}"
            told = await self.edge.ask("POST", "/api/v1/devices", {"name": name})
            reader = {"type": "serial", "uart": 1, "kind": "order.placed", "fields": FIELDS}
            settings = {
                "site": "shop", "device": name, "secret": told["secret"], "host": "127.0.0.1",
                "port": self.witness.port, "inputs": [reader],
            }  # fmt: skip
            self.boards[name] = await self.fleet.up(name, settings)
            self.powered[name].set()

    async def sell(self, name: str) -> None:
        """Feed orders, each unlike any other, until told to stop; write down what the till says."""
        number = 0
        while not self.stopped:
            till = Till(name)
            line = await self.boards[name].uart()
            batch = []
            for _ in range(20):
                number += 1
                day = f"{self.chance.randrange(1997, 1999)}-{number:06d}"
                batch.append(Order(f"{self.chance.randrange(50):05d}", day, 1, number))
            self.record.sent[name] += batch
            self.selling[name] = asyncio.create_task(till.sell(line, batch, PACE_S))
            await asyncio.wait([self.selling[name]], timeout=5)
            await self._hang_up(name)
            line[1].close()
            for epoch, seq, order in till.stored:
                self.record.told[(name, epoch, seq)] = order
            await self.powered[name].wait()

    async def _hang_up(self, name: str) -> None:
        """End a conversation: answers of a board that starts again are to nobody's question."""
        self.selling[name].cancel()
        await asyncio.wait([self.selling[name]])

    async def settle(self) -> None:
        """Wait until every board says that nothing is waiting in its outbox, and stays so."""
        async with asyncio.timeout(90):
            while True:
                await asyncio.sleep(0.5)
                rows, _, _ = await asyncio.to_thread(read, self.edge.data / "boardwalk.db")
                stored = {row.identity for row in rows}
                if stored >= self.record.told.keys():
                    return

    async def power_cut(self) -> None:
        """Cut one board's power in the middle of a flash write, and switch it on again."""
        name = self.chance.choice(sorted(self.boards))
        board = self.boards[name]
        await board.power_cut(after_bytes=self.chance.randrange(1, 6000))
        try:
            await board.off(timeout_s=3)
        except TimeoutError:  # it was idle: cut now
            await board.power_cut()
            await board.off()
        self.powered[name].clear()
        await self._hang_up(name)
        await board.boot()
        self.powered[name].set()

    async def kill_edge(self) -> None:
        """kill -9 of the edge, and a new start."""
        await self.edge.kill()
        async with asyncio.timeout(10):
            while self.edge.broker_pids():
                await asyncio.sleep(0.01)
        await self.edge.start()

    async def kill_broker(self) -> None:
        """kill -9 of mosquitto; the edge starts it again."""
        self.edge.kill_broker()
        async with asyncio.timeout(20):
            while not self.edge.broker_pids():
                await asyncio.sleep(0.01)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """An open site."""
    seed = int(os.environ.get("BOARDWALK_SEED", random.randrange(1 << 32)))
    print(f"BOARDWALK_SEED={seed}")
    async with AsyncExitStack() as stack:
        edge = await stack.enter_async_context(edge_process(tmp_path, toml=RULES))
        fleet = await stack.enter_async_context(Fleet.start(tmp_path / "boards"))
        seen = await stack.enter_async_context(witness(edge.mqtt_port))
        one = Site(edge, fleet, seen, random.Random(seed))
        await one.open()
        yield one


async def replay_with(site: Site, faults: list[Callable[[], Awaitable[None]]]) -> None:
    """Sell while faults happen at random moments; then judge."""
    sellers = [asyncio.create_task(site.sell(name)) for name in site.boards]
    for fault in faults:
        await asyncio.sleep(site.chance.uniform(0.1, 0.8))
        await fault()
    await asyncio.sleep(1)
    site.stopped = True
    await asyncio.gather(*sellers)
    await site.settle()
    assert await site.edge.stop() == 0
    site.record.acks = site.witness.acks
    verdict = judge(site.record, site.edge.data / "boardwalk.db")
    assert verdict.breaches() == {}
    assert len(site.record.told) > 20 * len(faults) / 4
    assert len(site.witness.acks) > len(faults)


@pytest.fixture
def count(pytestconfig: pytest.Config) -> int:
    """How many faults of a kind."""
    return 1000 if pytestconfig.getoption("--soak") else 10


async def test_ten_kills_of_the_edge_lose_and_double_nothing(site: Site, count: int) -> None:
    await replay_with(site, [site.kill_edge] * count)


async def test_ten_kills_of_the_broker_lose_and_double_nothing(site: Site, count: int) -> None:
    await replay_with(site, [site.kill_broker] * count)


async def test_ten_power_cuts_in_mid_write_lose_and_double_nothing(site: Site, count: int) -> None:
    await replay_with(site, [site.power_cut] * count)


async def test_all_of_it_at_once_loses_and_doubles_nothing(site: Site, count: int) -> None:
    faults = [site.kill_edge, site.kill_broker, site.power_cut] * (count // 3)
    site.chance.shuffle(faults)
    await replay_with(site, faults)
