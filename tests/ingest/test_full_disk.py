"""A disk that refuses: boards are told to wait, postings wait, nothing is lost, doubled or blamed on a board."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.errors import StoreFull
from server.ingest.arrival import Outcome, Posting, UpArrival
from tests.ingest.boards import NOW, Board, order
from tests.patience import patience
from tests.site import Opener, Site


@asynccontextmanager
async def refusing(edge: Site) -> AsyncIterator[None]:
    """No page can be added to the store inside the block."""
    size = (await edge.query("PRAGMA page_count"))[0][0]
    await edge.core.database.pragma(f"max_page_count = {size}")
    yield
    await edge.core.database.pragma("max_page_count = 1000000")


def large(number: int) -> dict[str, object]:
    return {"kind": "note.taken", "id": f"n{number}", **{f"f{n}": "x" * 250 for n in range(30)}}


async def test_boards_are_told_to_wait_and_their_events_are_taken_when_there_is_room(site: Opener) -> None:
    one = Board("till-1", 7)
    for number in range(2):
        one.emit(order("x" * 250, number))
        one.emit(order(f"{number}" * 250, number))
    async with site() as edge:
        async with refusing(edge):
            await edge.take(Posting("till-2", [large(0)], NOW, lambda posted: None))
            assert edge.consumer.full
            edge.consumer.put(UpArrival("till-1", one.frame(1, 2), NOW))
            await edge.consumer.commit(edge.consumer.take())
            assert [(told.epoch, told.acked, told.win, told.err) for _, told in edge.acks] == [
                (7, 0, 0, None)
            ]
        edge.consumer.full = None
        await edge.take(UpArrival("till-1", one.frame(1, 4), NOW))
        assert edge.acks[-1][1].acked == 4
        assert await edge.query("SELECT seq FROM event WHERE epoch = 7") == [(1,), (2,), (3,), (4,)]


async def test_a_post_is_refused_and_counts_once_when_it_is_repeated(site: Opener) -> None:
    async with site() as edge:
        running = asyncio.create_task(edge.consumer.run())
        async with refusing(edge):
            with pytest.raises(StoreFull):
                await edge.consumer.post("http-a", [large(1)], NOW)
            with pytest.raises(StoreFull):
                await edge.consumer.post("http-a", [large(1)], NOW)
        edge.consumer.full = None
        assert await edge.consumer.post("http-a", [large(1)], NOW) == Outcome(accepted=1)
        assert await edge.consumer.post("http-a", [large(1)], NOW) == Outcome(duplicate=1)
        assert len(await edge.query("SELECT id FROM event")) == 1
        running.cancel()
        await asyncio.wait([running])


async def test_it_takes_posts_again_by_itself_when_there_is_room(site: Opener) -> None:
    async with site() as edge:
        running = asyncio.create_task(edge.consumer.run())
        async with refusing(edge):
            with pytest.raises(StoreFull):
                await edge.consumer.post("http-a", [large(1)], NOW)
        async with patience():
            while True:
                try:
                    assert (await edge.consumer.post("http-a", [large(1)], NOW)).accepted == 1
                    break
                except StoreFull:
                    await asyncio.sleep(0.1)
        running.cancel()
        await asyncio.wait([running])


async def test_a_store_that_another_program_has_locked_is_no_fault_of_a_board(
    site: Opener, tmp_path: Path
) -> None:
    one = Board("till-1", 7)
    one.emit(order("a", 1))
    async with site() as edge:
        await edge.core.database.pragma("busy_timeout = 50")
        other = sqlite3.connect(tmp_path / "boardwalk.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await edge.take(UpArrival("till-1", one.frame(1, 1), NOW))
        assert [(told.acked, told.win, told.err) for _, told in edge.acks] == [(0, 0, None)]
        assert edge.consumer.full is not None
        assert "another program has locked the store" in edge.consumer.full
        other.execute("ROLLBACK")
        other.close()
        edge.consumer.full = None
        await edge.take(UpArrival("till-1", one.frame(1, 1), NOW))
        assert edge.acks[-1][1].acked == 1


async def test_presence_that_cannot_be_saved_is_saved_later(site: Opener) -> None:
    async with site() as edge:
        presence, database = edge.core.presence, edge.core.database
        keeping = asyncio.create_task(presence.keep(database, every_s=0.01))
        async with refusing(edge):
            presence.told("till-1", b'{"online":true,"firmware":"%s"}' % (b"x" * 60), NOW)
            await database.pragma("query_only = ON")
            await asyncio.sleep(0.1)
            assert not keeping.done()
            await database.pragma("query_only = OFF")
        kept = "SELECT online, last_seen_at FROM device WHERE name = 'till-1'"
        async with patience():
            while await edge.query(kept) != [(1, NOW)]:
                await asyncio.sleep(0.01)
        keeping.cancel()
        await asyncio.wait([keeping])
