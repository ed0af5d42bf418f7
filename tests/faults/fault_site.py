"""A whole site under fire: an edge, virtual boards, a witness on the wire, and what tills were told."""

import asyncio
import os
import random
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.edge_process import EdgeProcess
from tests.faults.checker import Record, Verdict, committed, judge, read
from tests.faults.wire import Witness, witness
from tests.patience import PATIENCE_S, patience
from tools.demo.replay import FIELDS, Order, Till
from tools.vboard.client import Fleet, VirtualBoard

RULES = """
[[rule]]
name = "second"
on = "order.placed"
every = 2
to = "staff@shop.example"
"""
EVERY = 2
PACE_S = 0.01
Fault = Callable[[], Awaitable[None]]


def seeded() -> random.Random:
    """Chance that BOARDWALK_SEED repeats; its seed is printed."""
    seed = int(os.environ.get("BOARDWALK_SEED", random.randrange(1 << 32)))
    print(f"BOARDWALK_SEED={seed}")
    return random.Random(seed)


@dataclass
class Site:
    """record: what others say happened; see tests.faults.checker. files: put on new boards."""

    edge: EdgeProcess
    fleet: Fleet
    witness: Witness
    chance: random.Random
    record: Record = field(default_factory=Record)
    boards: dict[str, VirtualBoard] = field(default_factory=dict)
    selling: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    powered: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    files: dict[str, bytes] = field(default_factory=dict)
    stopped: bool = False
    count: int = 0

    async def add(self, name: str, profile: str = "esp32", **more: Any) -> VirtualBoard:
        """Register a board and switch it on. more: settings of the board."""
        told = await self.edge.ask("POST", "/api/v1/devices", {"name": name})
        reader = {"type": "serial", "uart": 1, "kind": "order.placed", "fields": FIELDS, "critical": True}
        settings = {
            "site": "shop", "device": name, "secret": told["secret"], "host": "127.0.0.1",
            "port": self.witness.port, "inputs": [reader], **more,
        }  # fmt: skip
        self.boards[name] = await self.fleet.up(name, settings, profile, files=self.files)
        self.powered[name].set()
        return self.boards[name]

    def orders(self, count: int) -> list[Order]:
        """Orders unlike any other."""
        made = []
        for _ in range(count):
            self.count += 1
            made.append(Order(f"{self.chance.randrange(50):05d}", f"n{self.count:07d}", 1, self.count))
        return made

    async def scan(self, name: str, count: int, pace_s: float = 0.0, wait_s: float = PATIENCE_S) -> Till:
        """Give a till orders and wait for its answers; what it said goes into the record."""
        till, batch = Till(name), self.orders(count)
        self.record.sent[name] += batch
        line = await self.boards[name].uart()
        self.selling[name] = asyncio.create_task(till.sell(line, batch, pace_s))
        await asyncio.wait([self.selling[name]], timeout=wait_s)
        await self.hang_up(name)
        line[1].close()
        for epoch, seq, order in till.stored:
            self.record.told[(name, epoch, seq)] = order
        return till

    async def sell(self, name: str) -> None:
        """Give a till orders until told to stop."""
        while not self.stopped:
            await self.scan(name, 20, PACE_S, 5)
            await self.powered[name].wait()

    async def hang_up(self, name: str) -> None:
        """End a conversation: answers of a board that starts again are to nobody's question."""
        if name in self.selling:
            self.selling[name].cancel()
            await asyncio.wait([self.selling[name]])

    async def off(self, name: str, after_bytes: int = 0, wait_s: float = 3) -> None:
        """Cut a board's power, in the middle of the flash write that reaches so many bytes."""
        board = self.boards[name]
        await board.power_cut(after_bytes=after_bytes)
        try:
            await board.off(timeout_s=wait_s)
        except TimeoutError:  # it was idle: cut now
            await board.power_cut()
            await board.off()
        self.powered[name].clear()
        await self.hang_up(name)

    async def on(self, name: str) -> None:
        """Switch a board on again."""
        await self.boards[name].boot()
        self.powered[name].set()

    async def power_cut(self) -> None:
        """Cut one board's power in the middle of a flash write, and switch it on again."""
        name = self.chance.choice(sorted(self.boards))
        await self.off(name, self.chance.randrange(1, 6000))
        await self.on(name)

    async def kill_edge(self) -> None:
        """kill -9 of the edge, and a new start."""
        await self._edge_dies()
        await self.edge.start()

    async def cut_host(self) -> None:
        """Cut the power of the edge's host, and switch it on again with what its disk may hold then.

        Now and then it is cut again while the edge starts.
        """
        await self._host_dies()
        while self.chance.random() < 0.3:
            await self.edge.start(wait=False)
            await asyncio.sleep(self.chance.uniform(0.2, 1))
            await self._host_dies()
        await self.edge.start()

    async def _host_dies(self) -> None:
        await self._edge_dies()
        assert self.edge.disk is not None
        self.edge.disk.put(self.edge.disk.medium().after_a_cut(self.chance))

    async def _edge_dies(self) -> None:
        await self.edge.kill()
        async with patience():
            while self.edge.broker_pids():
                await asyncio.sleep(0.01)

    async def kill_broker(self) -> None:
        """kill -9 of mosquitto; the edge starts it again."""
        self.edge.kill_broker()
        async with patience():
            while not self.edge.broker_pids():
                await asyncio.sleep(0.01)

    async def pause(self, who: str, for_s: float) -> None:
        """Stop the processes of the edge, its broker or all boards, and let them go on later."""
        assert self.edge.process is not None
        if who == "boards":
            pids = [(await board.stats())["pid"] for board in self.boards.values()]
        else:
            pids = self.edge.broker_pids() if who == "broker" else [self.edge.process.pid]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(for_s)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    async def silence(self, for_s: float) -> None:
        """Hold every byte between boards and broker, and let all go later."""
        self.witness.faults.silent = True
        await asyncio.sleep(for_s)
        self.witness.faults.silent = False

    async def under(self, faults: Sequence[Fault]) -> None:
        """Sell at every till while faults happen at random moments, each when acks flow again."""
        sellers = [asyncio.create_task(self.sell(name)) for name in self.boards]
        for fault in faults:
            before = len(self.witness.acks)
            async with patience():
                while len(self.witness.acks) == before:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(self.chance.uniform(0, 0.5))
            await fault()
        await asyncio.sleep(0.5)
        self.stopped = True
        await asyncio.gather(*sellers)
        self.stopped = False

    async def settle(self) -> None:
        """Wait until everything that tills were told is kept, is in the store."""
        missing: Any = None
        try:
            async with patience():
                while missing := self.record.told.keys() - await asyncio.to_thread(self._stored):
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"not stored: {sorted(missing)[:5]} of {len(missing)}") from None

    def _stored(self) -> set[tuple[str, int, int]]:
        rows, rejects, _ = read(self.edge.data / "boardwalk.db")
        return {row.identity for row in rows} | rejects

    async def must_be_right(self) -> None:
        """Settle, close the edge, and let the judge find nothing."""
        found = (await self.verdict()).breaches()
        assert found == {}, found

    async def verdict(self) -> Verdict:
        """Settle, ask for the rankings, close the edge, and judge."""
        await self.settle()
        await asyncio.sleep(0.3)
        for name in ("orders", "spend"):
            told = await self.edge.ask("GET", f"/api/v1/rankings/{name}?window=all&k=1000")
            self.record.rankings[name] = [(row["key"], row["score"]) for row in told["rows"]]
        assert await self.edge.stop() == 0
        self.record.acks, self.record.early = self.witness.acks, self.witness.early
        self.record.every = EVERY
        return judge(self.record, self.edge.data / "boardwalk.db")


@asynccontextmanager
async def fault_site(
    folder: Path, toml: str = RULES, looks: bool = False, **more: Any
) -> AsyncIterator[Site]:
    """An open site without boards. looks: the witness looks into the store at each ack. more: of EdgeProcess."""
    chance = seeded()
    async with AsyncExitStack() as stack:
        edge = EdgeProcess(folder, toml=toml, **more)
        stack.push_async_callback(_end, edge)
        await edge.start()
        fleet = await stack.enter_async_context(Fleet.start(folder / "boards"))
        seen = await stack.enter_async_context(witness(edge.mqtt_port, chance.randrange(1 << 30)))
        if looks:
            seen.committed = partial(committed, edge.data / "boardwalk.db")
        yield Site(edge, fleet, seen, chance)


async def _end(edge: EdgeProcess) -> None:
    if edge.process is not None and edge.process.returncode is None:
        await edge.kill()
