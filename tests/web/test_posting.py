"""Posting events: batches, gzip, a key under which a post may be repeated, and everything that is refused."""

import asyncio
import gzip
import json
import tracemalloc
import zlib
from typing import Any

import aiohttp
import pytest

from server.clock import milliseconds
from server.store import idempotency
from server.web.access import rate_limit
from server.web.api import body
from server.web.api.openapi import document
from server.web.errors import TooLarge
from tests.patience import PATIENCE_S
from tests.web.shop import Shop, open_shop

PATH = "/api/v1/events"
DAY_MS = 86_400_000
ORDER = {"kind": "order.placed", "customer": "14048", "cents": 1999}


class Program:
    """A program with a token: `post` gives status and bytes."""

    def __init__(self, session: aiohttp.ClientSession, token: str) -> None:
        self.session = session
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    async def post(self, data: Any, **headers: str) -> tuple[int, bytes]:
        sent = data if isinstance(data, bytes) else json.dumps(data).encode()
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(PATH, data=sent, headers=self.headers | more) as answer:
            return answer.status, await answer.read()


@pytest.fixture
async def till(shop: Shop, program: aiohttp.ClientSession) -> Program:
    return Program(program, await shop.token("ingest", name="web-shop"))


async def count(shop: Shop) -> int:
    return await shop.database.read(lambda store: store.execute("SELECT count(*) FROM event").fetchone()[0])


def problem(told: tuple[int, bytes]) -> tuple[int, str]:
    return told[0], json.loads(told[1])["type"]


async def test_a_batch_of_a_thousand_is_one_answer_and_one_more_is_refused_whole(
    shop: Shop, till: Program
) -> None:
    assert await till.post([ORDER] * 1000) == (200, b'{"accepted":1000,"duplicate":0,"rejected":[]}')
    assert problem(await till.post([ORDER] * 1001)) == (413, "/problems/too-large")
    assert await till.post([]) == (200, b'{"accepted":0,"duplicate":0,"rejected":[]}')
    assert await count(shop) == 1000


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip"])
async def test_a_packed_batch_is_taken(shop: Shop, till: Program, name: str) -> None:
    packed = gzip.compress(json.dumps([ORDER] * 500).encode())
    assert (await till.post(packed, Content_Encoding=name))[0] == 200
    halves = json.dumps([ORDER] * 100).encode()
    members = gzip.compress(halves[:1000]) + gzip.compress(halves[1000:])
    assert (await till.post(members, Content_Encoding=name))[0] == 200
    assert await count(shop) == 600


PACKED = gzip.compress(b'{"kind": "a"}')


@pytest.mark.parametrize("data", [
    b"", b"{}", PACKED[:-1], PACKED[:5], PACKED + b"rest", PACKED[:-8] + bytes(8), zlib.compress(b"{}"),
], ids=["empty", "plain", "cut", "head", "rest", "checksum", "zlib"])  # fmt: skip
async def test_what_is_no_gzip_is_said_so(shop: Shop, till: Program, data: bytes) -> None:
    told = await till.post(data, Content_Encoding="gzip")
    assert problem(told) == (422, "/problems/bad-input")
    assert json.loads(told[1])["detail"].startswith("The body is no gzip")
    assert await count(shop) == 0


async def test_a_bomb_is_not_unpacked(shop: Shop, till: Program) -> None:
    bomb = gzip.compress(b" " * 300_000_000, 9)
    assert problem(await till.post(bomb, Content_Encoding="gzip")) == (413, "/problems/too-large")
    tracemalloc.start()
    with pytest.raises(TooLarge):
        body.unpack(bomb)
    assert tracemalloc.get_traced_memory()[1] < 4 * body.MAX_BYTES
    tracemalloc.stop()


async def test_just_enough_is_taken_and_a_byte_more_is_not(shop: Shop, till: Program) -> None:
    one = b'{"kind": "a"}'.ljust(body.MAX_BYTES)
    assert (
        (await till.post(one))[0] == (await till.post(gzip.compress(one), Content_Encoding="gzip"))[0] == 200
    )
    assert problem(await till.post(one + b" ")) == (413, "/problems/too-large")
    packed = gzip.compress(one + b" ")
    assert problem(await till.post(packed, Content_Encoding="gzip")) == (413, "/problems/too-large")


@pytest.mark.parametrize("name", ["br", "deflate", "zstd", "gzip, gzip", "\t", "x"])
async def test_other_encodings_are_refused_with_the_one_that_works(
    shop: Shop, till: Program, name: str
) -> None:
    async with till.session.post(
        PATH, data=zlib.compress(b"{}"), headers=till.headers | {"Content-Encoding": name}
    ) as answer:
        told = answer.status, await answer.read()
        assert problem(told) == (415, "/problems/content-encoding")
        assert answer.headers["Accept-Encoding"] == "gzip"


async def test_a_key_and_the_same_body_give_the_first_answer_again(shop: Shop, till: Program) -> None:
    batch = [ORDER, {"kind": 7}, ORDER]
    first = await till.post(batch, Idempotency_Key="k-1")
    assert json.loads(first[1])["accepted"] == 2
    for _ in range(3):
        assert await till.post(batch, Idempotency_Key="k-1") == first
    packed = gzip.compress(json.dumps(batch).encode())
    assert await till.post(packed, Idempotency_Key="k-1", Content_Encoding="gzip") == first
    assert await count(shop) == 2
    rejects = "SELECT count(*) FROM reject"
    assert await shop.database.read(lambda store: store.execute(rejects).fetchone()[0]) == 1
    assert (await till.post(batch, Idempotency_Key="k-2"))[0] == 200
    assert await count(shop) == 4


async def test_an_answer_is_told_as_it_was_even_if_we_would_word_it_otherwise_now(
    shop: Shop, till: Program
) -> None:
    """The bytes are kept, not made again: a new version of the edge tells them too."""
    await till.post(ORDER, Idempotency_Key="k")
    await shop.database.write(
        lambda store: store.execute("UPDATE answer SET answer = CAST('as it was' AS BLOB)").rowcount
    )
    assert await till.post(ORDER, Idempotency_Key="k") == (200, b"as it was")


async def test_a_key_with_another_body_is_refused_and_stores_nothing(shop: Shop, till: Program) -> None:
    first = await till.post(ORDER, Idempotency_Key="k")
    told = await till.post([ORDER], Idempotency_Key="k")
    assert problem(told) == (422, "/problems/key-reused")
    assert await till.post(ORDER, Idempotency_Key="k") == first
    assert await count(shop) == 1


async def test_a_key_belongs_to_its_source(shop: Shop, till: Program) -> None:
    other = Program(till.session, await shop.token("ingest", name="other"))
    for one in (till, other):
        assert (await one.post(ORDER, Idempotency_Key="k"))[0] == 200
    assert await count(shop) == 2


async def test_two_requests_with_one_key_race_to_one_commit(shop: Shop, till: Program) -> None:
    told = await asyncio.gather(*(till.post([ORDER] * 3, Idempotency_Key=f"k{n % 5}") for n in range(50)))
    assert set(told) == {(200, b'{"accepted":3,"duplicate":0,"rejected":[]}')}
    assert await count(shop) == 15


async def test_of_racing_bodies_under_one_key_one_is_taken(shop: Shop, till: Program) -> None:
    told = await asyncio.gather(*(till.post(dict(ORDER, cents=n), Idempotency_Key="k") for n in range(20)))
    assert sorted(status for status, _ in told) == [200] + [422] * 19
    assert await count(shop) == 1


async def test_a_key_is_forgotten_after_a_day_and_its_row_is_dropped(
    shop: Shop, till: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.web import shop as module

    now = milliseconds()
    for later, events in ((0, 1), (DAY_MS - 1, 1), (DAY_MS, 2)):
        monkeypatch.setattr(module, "milliseconds", lambda later=later: now + later)
        assert (await till.post(ORDER, Idempotency_Key="k"))[0] == 200
        assert await count(shop) == events
    rows = "SELECT count(*) FROM answer"
    for number in range(5):
        await till.post(ORDER, Idempotency_Key=f"k{number}")
    assert await shop.database.read(lambda store: store.execute(rows).fetchone()[0]) == 6
    monkeypatch.setattr(module, "milliseconds", lambda: now + 3 * DAY_MS)
    await till.post(ORDER, Idempotency_Key="new")
    assert await shop.database.read(lambda store: store.execute(rows).fetchone()[0]) == 1


async def test_the_keys_of_a_source_are_bounded_and_the_newest_are_kept(
    shop: Shop, till: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "MAX_KEYS", 3)
    for number in range(8):
        await till.post(ORDER, Idempotency_Key=f"k{number}")
    other = Program(till.session, await shop.token("ingest", name="other"))
    await other.post(ORDER, Idempotency_Key="k")
    found = await shop.database.read(
        lambda store: store.execute(
            "SELECT source, count(*) FROM answer GROUP BY source ORDER BY 1"
        ).fetchall()
    )
    assert found == [("http-other", 1), ("http-web-shop", 3)]
    before = await count(shop)
    await till.post(ORDER, Idempotency_Key="k7")
    assert await count(shop) == before


async def test_an_answer_outlives_a_restart(shop: Shop, till: Program) -> None:
    first = await till.post([ORDER, {"kind": 7}], Idempotency_Key="k")
    folder = shop.database.folder
    await shop.database.__aexit__(None)
    async with (
        open_shop(folder) as again,
        aiohttp.ClientSession(again.url) as session,
    ):
        one = Program(session, till.headers["Authorization"].removeprefix("Bearer "))
        assert await one.post([ORDER, {"kind": 7}], Idempotency_Key="k") == first
        assert await count(again) == 1
    await shop.database.__aenter__()


async def test_what_was_refused_whole_is_tried_again_under_its_key(shop: Shop, till: Program) -> None:
    shop.consumer.full = "The disk refuses to store; make room."
    assert problem(await till.post(ORDER, Idempotency_Key="k")) == (507, "/problems/store-full")
    shop.consumer.full = None
    assert (await till.post(ORDER, Idempotency_Key="k"))[0] == 200
    assert await count(shop) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\u00fc"])
async def test_a_key_that_is_none_is_refused(shop: Shop, till: Program, key: str) -> None:
    told = await till.post(ORDER, Idempotency_Key=key)
    assert (problem(told), json.loads(told[1])["field"]) == ((422, "/problems/bad-input"), "Idempotency-Key")


@pytest.mark.parametrize("scopes, status", [(("read",), 403), (("ingest",), 200), (("admin",), 200)])
async def test_posting_needs_the_scope_ingest(
    shop: Shop, program: aiohttp.ClientSession, scopes: tuple[str, ...], status: int
) -> None:
    one = Program(program, await shop.token(*scopes))
    assert (await one.post(ORDER))[0] == status
    async with program.get(PATH, headers=one.headers) as answer:
        assert answer.status == (403 if scopes == ("ingest",) else 200)
    assert (await Program(program, "nonsense").post(ORDER))[0] == 401


async def test_too_many_posts_are_told_when_to_come_back(
    shop: Shop, till: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    from limits import parse

    monkeypatch.setattr(rate_limit, "PER_CALLER", parse("3 per minute"))
    told = [await till.post(ORDER) for _ in range(4)]
    assert [status for status, _ in told] == [200, 200, 200, 429]
    async with till.session.post(PATH, data=b"{}", headers=till.headers) as answer:
        assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert problem(told[3]) == (429, "/problems/too-many")


BROKEN = [
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n",
    b"Transfer-Encoding: gzip, chunked\r\nContent-Encoding: gzip\r\n\r\n5\r\n\x1f\x8b\r\n",
    b"Content-Length: 100\r\n\r\n{\"kind\":",
    b"Content-Length: -1\r\n\r\n{}",
    b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
]  # fmt: skip


@pytest.mark.parametrize("rest", BROKEN)
async def test_a_broken_request_is_no_fault_of_ours(
    shop: Shop, till: Program, rest: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    port = int(shop.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\n" + "".join(f"{k}: {v}\r\n" for k, v in till.headers.items())
    writer.write(head.encode() + rest)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    assert b" 500 " not in answer[:20]
    assert "Traceback" not in capfd.readouterr().err
    assert (await till.post(ORDER))[0] == 200


async def test_a_form_that_is_no_text_is_no_fault_of_ours(shop: Shop, program: aiohttp.ClientSession) -> None:
    for kind in ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=nonsense"):
        headers = {"Content-Type": kind, "Origin": shop.url}
        async with program.post("/sign-in", data=b"email=\xff", headers=headers) as answer:
            assert answer.status == 422


def test_the_headers_are_documented() -> None:
    parameters = document()["paths"][PATH]["post"]["parameters"]
    assert {"Idempotency-Key", "Content-Encoding"} == {
        one["name"] for one in parameters if one["in"] == "header"
    }
