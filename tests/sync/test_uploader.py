"""Events reach the table once, whatever the table does."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from server.core import Core
from server.errors import CloudError, Throttled
from server.settings import CloudSection, EdgeSection, Settings
from server.store import chunks, events
from server.store.chunks import Chunk
from sync.table.chunk import unpack
from sync.table.dynamo import Dynamo
from sync.table.reader import read_events
from sync.table.uploader import Uploader
from sync.token_bucket import TokenBucket
from tests.ingest.boards import NOW
from tests.patience import patience
from tools.demo.local_cloud import local_cloud


class Shelf:
    """A table whose faults are scripted: throttles, cut answers, parts that are not taken."""

    def __init__(self, faults: list[str]) -> None:
        self._faults = iter(faults)
        self.items: dict[tuple[str, str], bytes] = {}
        self.puts = 0

    def put(self, batch: Sequence[Chunk]) -> list[Chunk]:
        self.puts += 1
        fault = next(self._faults, "")
        if fault == "throttle":
            raise Throttled("slower")
        taken = batch[:1] if fault == "part" else batch
        for chunk in taken:
            known = self.items.setdefault((chunk.pk, chunk.sk), chunk.body)
            assert known == chunk.body, "a chunk changed under its key"
        if fault == "cut":
            raise CloudError("the answer was cut", accepted=None)
        return list(batch[len(taken) :])

    def bodies(self, pk: str) -> Iterator[bytes]:
        raise NotImplementedError

    def scan(self, prefix: str) -> Iterator[bytes]:
        return iter([body for (pk, _), body in sorted(self.items.items()) if pk.startswith(prefix)])


async def upload(core: Core, table: object, until: Callable[[Uploader], bool] = lambda _: False) -> Uploader:
    """Let an uploader work until everything is in the table, or until what is asked for."""
    uploader = Uploader(core.database, table, "shop", TokenBucket(1000, 1000))  # type: ignore[arg-type]
    work = [uploader.run_sealer(lambda: NOW + 5000, 1000), uploader.run_sender(lambda: NOW + 5000)]
    tasks = [asyncio.create_task(one) for one in work]
    async with patience():
        while (await core.database.read(chunks.backlog))[:2] != (0, 0) and not until(uploader):
            await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()
    return uploader


def identities(bodies: Iterator[bytes]) -> list[tuple[str, int, int]]:
    return sorted((one.device, one.epoch, one.seq) for body in bodies for one in unpack(body))


EVERYTHING = [("till-1", 7, seq) for seq in range(1, 61)]


async def test_what_was_committed_is_in_the_table_once(core: Core) -> None:
    shelf = Shelf([])
    await upload(core, shelf)
    assert identities(shelf.scan("D#")) == EVERYTHING
    assert await core.database.read(chunks.backlog) == (0, 0, None, NOW + 5000)


async def test_throttles_cut_answers_and_parts_double_nothing_and_lose_nothing(core: Core) -> None:
    shelf = Shelf(["throttle", "part", "cut"])
    uploader = await upload(core, shelf)
    assert shelf.puts >= 4
    assert identities(shelf.scan("D#")) == EVERYTHING
    assert uploader.error is None


async def test_a_chunk_that_was_sealed_before_a_stop_is_sent_as_it_was(core: Core) -> None:
    shelf = Shelf(["cut"] * 50)
    await upload(core, shelf, lambda _: shelf.puts > 0)
    kept, puts = dict(shelf.items), shelf.puts
    await upload(core, shelf, lambda _: shelf.puts > puts and identities(shelf.scan("D#")) == EVERYTHING)
    assert shelf.items.items() >= kept.items()
    assert identities(shelf.scan("D#")) == EVERYTHING


async def test_events_wait_for_company_before_they_are_sealed(core: Core) -> None:
    uploader = Uploader(core.database, Shelf([]), "shop", TokenBucket(1000, 1000))
    assert await uploader.seal("gen", NOW + 59_000, 60_000) == 0
    assert await uploader.seal("gen", NOW + 60_000, 60_000) == 60


async def test_dynamodb_gives_back_what_sqlite_has(core: Core, tmp_path: Path) -> None:
    async with local_cloud(tmp_path) as address:
        cloud = CloudSection(mode="aws", endpoint_url=address)
        table = Dynamo(cloud)
        assert await asyncio.to_thread(table.create)
        assert not await asyncio.to_thread(table.create)
        await upload(core, table)
        settings = Settings(edge=EdgeSection(site="shop"), cloud=cloud)
        there = await asyncio.to_thread(lambda: list(read_events(settings)))
        here = await core.database.read(events.after, 0, 1000)
        assert sorted((e.seq, e.at, e.kind, str(e.fields)) for e in there) == [
            (e.seq, e.at, e.kind, str(e.fields)) for e in here
        ]


async def test_a_table_that_is_not_there_is_one_sentence(core: Core, tmp_path: Path) -> None:
    async with local_cloud(tmp_path) as address:
        uploader = await upload(
            core, Dynamo(CloudSection(mode="aws", endpoint_url=address)), lambda one: one.error is not None
        )
        assert uploader.error is not None
        assert uploader.error.startswith("DynamoDB, table boardwalk: ResourceNotFoundException")
    assert (await core.database.read(chunks.backlog))[1] > 0


async def test_events_of_a_clock_that_was_ahead_are_sealed_when_it_is_set_back(core: Core) -> None:
    uploader = Uploader(core.database, Shelf([]), "shop", TokenBucket(1000, 1000))
    assert await uploader.seal("gen", NOW - 10**9, 60_000) == 60


async def test_sealing_lets_a_burst_go_first_but_not_for_ever(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.table.uploader.PATIENCE_S", 0.5)
    uploader = Uploader(core.database, Shelf([]), "shop", TokenBucket(1000, 1000), busy=lambda: True)
    begun = time.monotonic()
    task = asyncio.create_task(uploader.run_sealer(lambda: NOW + 5000, 1000))
    async with patience():
        while not await core.database.read(chunks.through):
            await asyncio.sleep(0.02)
    assert time.monotonic() - begun >= 0.5
    task.cancel()
    await asyncio.wait([task])
