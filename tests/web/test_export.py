"""The log as a file: whole, of any size, in little memory, and never in anybody's way."""

import asyncio
import csv
import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server.store.events import Events
from server.web.api import export
from server.web.api.export import EXPORTS
from tests.edge_process import edge_process
from tests.patience import PATIENCE_S, patience
from tests.web.shop import Shop

FILES = ("/api/v1/events.csv", "/api/v1/events.jsonl")


@pytest.fixture
async def auth(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {await shop.token('read')}"}


async def ids(program: aiohttp.ClientSession, auth: dict[str, str], path: str) -> list[int]:
    """Of all events that a file has."""
    async with program.get(path, headers=auth) as answer:
        text = await answer.text("utf-8-sig")
    if ".csv" in path:
        return [int(row["id"]) for row in csv.DictReader(io.StringIO(text))]
    return [json.loads(line)["id"] for line in text.splitlines()]


@pytest.mark.parametrize("path", FILES)
async def test_a_file_has_the_events_of_all_pages(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], path: str
) -> None:
    await shop.orders(1700, customer="14048")
    await shop.orders(3, customer="Zoë")
    assert await ids(program, auth, path) == list(range(1, 1704))
    assert await ids(program, auth, f"{path}?text=ZOË&after=1701") == [1702, 1703]
    assert await ids(program, auth, f"{path}?newest=true&limit=700") == list(range(1703, 1003, -1))
    assert await ids(program, auth, f"{path}?until=1") == []


async def test_a_table_names_its_columns_and_holds_no_formula(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    for customer in ("=1+1", "+1", "-1", "@SUM(A1)", "'quoted'"):
        await shop.orders(1, customer=customer, note='a "b", c')
    answer = await program.get("/api/v1/events.csv", headers=auth)
    rows = list(csv.DictReader(io.StringIO(await answer.text("utf-8-sig"))))
    assert list(rows[0]) == [
        "id", "device", "epoch", "seq", "kind", "customer", "at", "at_local", "received_at",
        "received_at_local", "clock_at", "clock_at_local", "quality", "boot", "uptime_ms", "fields",
    ]  # fmt: skip
    assert [row["customer"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'quoted'"]
    assert json.loads(rows[0]["fields"]) == {"quantity": 2, "cents": 2345, "note": 'a "b", c'}
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = time.strftime("shop-events-%Y-%m-%d.csv", time.gmtime())
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'


async def test_a_table_of_nothing_has_its_names(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    text = await (await program.get("/api/v1/events.csv", headers=auth)).text()
    assert text.startswith("\ufeffid,device,") and text.endswith("uptime_ms,fields\r\n")


async def test_a_file_ends_with_what_was_there_when_it_began(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.orders(25)
    pages = Events.page

    async def page_of_a_busy_shop(*args: Any) -> Any:
        await shop.orders(30)
        return await pages(*args)

    monkeypatch.setattr(export, "PAGE", 10)
    monkeypatch.setattr(Events, "page", page_of_a_busy_shop)
    assert await ids(program, auth, "/api/v1/events.jsonl") == list(range(1, 26))
    first, *_, last = await ids(program, auth, "/api/v1/events.jsonl?newest=true")
    assert (first - last, last) == (first - 1, 1)


@pytest.mark.parametrize("path", ["/api/v1/events", *FILES])
@pytest.mark.parametrize(
    "query, field",
    [
        ("since=2026-11-22", "since"), ("since=-1", "since"), ("until=1.5", "until"),
        (f"text={'x' * 101}", "text"), ("since=5&until=5", "until"), ("newest=maybe", "newest"),
        ("limit=0", "limit"),
    ],
)  # fmt: skip
async def test_a_wrong_filter_is_named(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], path: str, query: str, field: str
) -> None:
    answer = await program.get(f"{path}?{query}", headers=auth)
    told = json.loads(await answer.text())
    assert (answer.status, told["type"], told["field"]) == (422, "/problems/bad-input", field)
    assert told["detail"].endswith(".")


BEGIN = 1_700_000_000_000


async def test_a_page_is_found_by_time_and_text(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    notes = ["Red shoes", "blue", "RED hat"]
    await shop.post(
        "http-till", [{"kind": "a", "at": BEGIN + n, "note": note} for n, note in enumerate(notes)]
    )
    for query, expected in [
        ("text=red", [1, 3]), ("text=red&newest=true", [3, 1]), (f"since={BEGIN + 1}&until={BEGIN + 2}", [2]),
        (f"text=red&since={BEGIN + 1}", [3]), ("text=red&limit=1&after=1", [3]), ("text=%25", []),
    ]:  # fmt: skip
        page = await (await program.get(f"/api/v1/events?{query}", headers=auth)).json()
        assert [row["id"] for row in page["rows"]] == expected, query


async def test_a_page_may_be_empty_and_have_a_next(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.store.search.SCANNED", 10)
    await shop.orders(25)
    page = await (await program.get("/api/v1/events?text=nowhere", headers=auth)).json()
    assert page == {"rows": [], "next": 10}


@asynccontextmanager
async def file_that_nobody_reads(
    shop: Shop, auth: dict[str, str]
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client whose socket fills up: the file has about 10 MB, more than sockets hold."""
    for _ in range(60):
        await shop.orders(500, note="x" * 200)
    host, port = shop.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    head = f"GET /api/v1/events.csv HTTP/1.1\r\nHost: x\r\nAuthorization: {auth['Authorization']}\r\n\r\n"
    writer.write(head.encode())
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    yield reader, writer
    writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """The end of what comes."""
    end = b""
    try:
        while data := await reader.read(1 << 20):
            end = (end + data)[-5:]
    except ConnectionResetError:
        return b""
    return end


async def no_file_is_sent(shop: Shop) -> None:
    async with patience():
        while shop.app[EXPORTS].sending:
            await asyncio.sleep(0.02)


async def test_a_client_that_stops_reading_holds_nobody_up_and_gets_the_rest_when_it_reads(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "STALLED_S", 2 * PATIENCE_S)
    async with file_that_nobody_reads(shop, auth) as (reader, _):
        for _ in range(20):
            await (await program.get("/api/v1/events?limit=1", headers=auth)).json()
        assert len(shop.app[EXPORTS].sending) == 1
        assert await rest_of_chunks(reader) == b"0\r\n\r\n"


async def rest_of_chunks(reader: asyncio.StreamReader) -> bytes:
    """The last five bytes of an answer on a connection that is kept."""
    end = b""
    async with patience():
        while end != b"0\r\n\r\n":
            data = await reader.read(1 << 20)
            assert data
            end = (end + data)[-5:]
    return end


async def test_a_client_that_takes_nothing_for_long_is_broken_off(
    shop: Shop, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "STALLED_S", 0.3)
    async with file_that_nobody_reads(shop, auth) as (reader, _):
        await no_file_is_sent(shop)
        assert await rest(reader) != b"0\r\n\r\n"


async def test_a_client_that_leaves_ends_its_file(shop: Shop, auth: dict[str, str]) -> None:
    async with file_that_nobody_reads(shop, auth) as (_, writer):
        assert len(shop.app[EXPORTS].sending) == 1
        writer.transport.abort()
        await no_file_is_sent(shop)


async def test_the_server_does_not_wait_for_a_file_when_it_ends_and_the_client_sees_it_is_not_whole(
    shop: Shop, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "STALLED_S", 2 * PATIENCE_S)
    async with file_that_nobody_reads(shop, auth) as (reader, _):
        async with patience():
            await shop.app.shutdown()
        await no_file_is_sent(shop)
        assert await rest(reader) != b"0\r\n\r\n"


async def test_a_fault_breaks_the_file_off(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("the secret is 1234")

    await shop.orders(1)
    monkeypatch.setattr(Events, "page", broken)
    with pytest.raises(aiohttp.ClientError):
        await (await program.get("/api/v1/events.jsonl", headers=auth)).read()
    assert not shop.app[EXPORTS].sending


async def test_more_files_than_a_few_at_once_have_to_wait(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST", 1)
    async with file_that_nobody_reads(shop, auth):
        answer = await program.get("/api/v1/events.jsonl", headers=auth)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "10")


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


@pytest.mark.slow
async def test_a_file_of_100000_events_takes_no_memory_to_speak_of(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        told = await edge.ask("POST", "/api/v1/tokens", {"name": "all", "scopes": ["ingest", "read"]})
        auth = {"Authorization": f"Bearer {told['token']}"}
        order = {"kind": "order.placed", "customer": "14048", "cents": 2345, "note": "x" * 200}
        assert edge.process is not None
        async with aiohttp.ClientSession(edge.url, headers=auth) as program:
            for _ in range(100):
                await (await program.post("/api/v1/events", json=[order] * 1000)).read()
            await (await program.get("/api/v1/events.csv?limit=5000")).read()  # what any file takes
            before, most, size = resident(edge.process.pid), 0, 0
            async with program.get("/api/v1/events.csv") as answer:
                async for data in answer.content.iter_chunked(1 << 20):
                    size += data.count(b"\r\n")
                    most = max(most, resident(edge.process.pid))
    assert size == 100_001
    assert most - before < 10_000_000  # 3 MB as a rule, beside an indexer at work; the file has 35 MB
