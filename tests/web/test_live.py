"""The live stream."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server.web.live.watchers import LIVE
from tests.patience import PATIENCE_S, patience
from tests.web.shop import Client, Shop, open_shop

Message = tuple[str, str, Any]
TICK_S = 0.1  # of the stream, as docs/api.md has it


class Stream:
    """Reads server-sent events as (kind, id, data)."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self, *kinds: str) -> Message:
        """The next message of these kinds. Raises EOFError at the end."""
        kind, number, data = "", "", ""
        async with patience():
            async for raw in self.answer.content:
                name, _, value = raw.decode().rstrip("\r\n").partition(": ")
                if not name and data:
                    if kind in kinds:
                        return kind, number, json.loads(data)
                    kind, number, data = "", "", ""
                kind = value if name == "event" else kind
                number = value if name == "id" else number
                data = value if name == "data" else data
        raise EOFError


@pytest.fixture
async def auth(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {await shop.token('read')}"}


@asynccontextmanager
async def live(
    program: aiohttp.ClientSession, auth: dict[str, str], query: str = "", **headers: str
) -> AsyncIterator[Stream]:
    sent = auth | {name.replace("_", "-"): value for name, value in headers.items()}
    async with program.get(f"/api/v1/live{query}", headers=sent) as answer:
        assert answer.status == 200
        yield Stream(answer)


async def test_a_watcher_gets_every_tile_first(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    async with live(program, auth) as stream:
        names = {(await stream.next("state"))[2]["tile"] for _ in range(8)}
    assert names == {"orders", "rankings", "rate", "week", "devices", "cloud", "health", "mail"}


async def test_events_arrive_with_the_tick_after_their_commit_as_a_rule(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    async with live(program, auth) as stream:
        await stream.next("state")
        waits, ticks = list[float](), list[float]()
        for _ in range(10):
            await shop.orders(1)
            committed = time.monotonic()
            await stream.next("event")
            arrived = time.monotonic()
            await asyncio.sleep(TICK_S)
            await program.get("/healthz")
            waits.append(arrived - committed)
            ticks.append(time.monotonic() - arrived)
    assert sorted(waits)[5] < 2.5 * sorted(ticks)[5]


async def test_tiles_follow_the_log(shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]) -> None:
    async with live(program, auth) as stream:
        for _ in range(8):
            await stream.next("state")
        await shop.orders(4)
        while (await stream.next("state"))[2].get("count") != 4:
            pass


async def test_what_was_missed_is_replayed_after_the_last_event_id(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    await shop.orders(6)
    async with live(program, auth, Last_Event_ID="4") as stream:
        assert [(await stream.next("event", "reset"))[:2] for _ in range(2)] == [
            ("event", "5"),
            ("event", "6"),
        ]
        await shop.orders(1)
        assert (await stream.next("event", "reset"))[:2] == ("event", "7")


async def test_a_replay_comes_from_the_log_after_a_restart(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.orders(1800)
        auth = {"Authorization": f"Bearer {await shop.token('read')}"}
    async with (
        open_shop(tmp_path) as shop,
        aiohttp.ClientSession(shop.url) as program,
        live(program, auth, Last_Event_ID="801") as stream,
    ):
        ids = [int((await stream.next("event", "reset"))[1]) for _ in range(999)]
    assert ids == list(range(802, 1801))


@pytest.mark.parametrize("last", ["1", "5000"], ids=["too much was missed", "the log is another one"])
async def test_who_cannot_be_brought_up_to_date_is_told_to_reset(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], last: str
) -> None:
    await shop.orders(1200)
    async with live(program, auth, Last_Event_ID=last) as stream:
        assert await stream.next("event", "reset") == ("reset", "1200", {"newest": 1200})
        await shop.orders(1)
        assert (await stream.next("event", "reset"))[:2] == ("event", "1201")


async def test_a_client_that_keeps_up_gets_every_event_of_the_largest_commits(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    async with live(program, auth) as stream:
        await stream.next("state")
        await shop.orders(2000)
        ids = [int((await stream.next("event", "reset"))[1]) for _ in range(2000)]
    assert ids == list(range(1, 2001))


async def test_a_page_that_shows_twenty_gets_the_newest_twenty_of_its_kinds(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    async with live(program, auth, "?kind=order.placed&newest=20") as stream:
        await stream.next("state")
        mixed: list[Any] = [{"kind": "order.placed"}, {"kind": "button.pressed"}] * 500
        await asyncio.gather(shop.post("http-till", mixed), shop.post("http-till", mixed))
        ids = [int((await stream.next("event", "reset"))[1]) for _ in range(20)]
    assert ids == list(range(1961, 2001, 2))


async def reads_nothing(
    shop: Shop, auth: dict[str, str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A live client whose socket fills up."""
    host, port = shop.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(
        f"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: {auth['Authorization']}\r\n\r\n".encode()
    )
    await reader.readline()
    return reader, writer


async def test_a_client_that_takes_nothing_for_long_is_cut_off(
    shop: Shop, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.live.watchers.STALLED_S", 0.5)
    reader, writer = await reads_nothing(shop, auth)
    watchers = shop.app[LIVE].watchers
    async with patience():
        while watchers:  # until its socket is full, and half a second longer
            await shop.orders(500, note="x" * 200)
            await asyncio.sleep(0.12)  # a tick: else it is told `reset`, which always fits
    with suppress(ConnectionResetError):
        async with patience():
            while await reader.read(65536):
                pass
    writer.close()


async def test_a_client_that_reads_nothing_does_not_hold_others_up(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.live.watchers.STALLED_S", 2 * PATIENCE_S)
    monkeypatch.setattr("server.web.api.live.STALLED_S", 2 * PATIENCE_S)
    reader, writer = await reads_nothing(shop, auth)
    async with live(program, auth, "?newest=1") as stream:
        await stream.next("state")
        for _ in range(60):
            await shop.orders(500, note="x" * 200)  # about 15 MB in all, more than sockets hold
            await stream.next("event")  # never, if they waited for it
    text = b""
    while b"event: reset" not in text:  # it was left behind, and is told so
        data = await asyncio.wait_for(reader.read(65536), PATIENCE_S)
        assert data
        text = text[-20:] + data
    writer.close()


async def test_signing_out_ends_the_stream(shop: Shop, browser: Client) -> None:
    await shop.person("viewer")
    await browser.sign_in()
    async with browser.session.get(shop.url + "/api/v1/live") as answer:
        stream = Stream(answer)
        await stream.next("state")
        await browser.call("POST", "/sign-out")
        with pytest.raises(EOFError):
            while True:
                await stream.next("event")


async def test_the_server_does_not_wait_for_streams_when_it_ends(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    async with live(program, auth) as stream:
        await stream.next("state")
        async with patience():
            await shop.app.shutdown()
        with pytest.raises(EOFError):
            while True:
                await stream.next("event")
