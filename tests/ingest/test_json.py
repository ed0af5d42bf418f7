"""Events of foreign clients: dedupe by id, one outcome each, no surprise that throws."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from firmware.wire.errors import WireError
from server.folds.log_time import Now
from server.ingest import decode, foreign
from server.ingest.arrival import Outcome, Posting, Undecoded
from server.ingest.foreign import EXAMPLE
from server.settings import RankingSpec, Settings
from tests.ingest.boards import NOW
from tests.site import Opener, Site


async def post(edge: Site, objects: list[Any], source: str = "till-1", now: int = NOW) -> Outcome:
    told: list[Outcome] = []
    await edge.take(Posting(source, objects, now, told.append))
    assert len(told) == 1
    return told[0]


KIND = "1 to 48 of a-z, 0-9, . _ and -, a letter first, as order.placed"
ORDER = {"kind": "order.placed", "id": "web-1", "customer": "14048", "cents": 1999}


async def test_an_event_is_stored_and_ranked(site: Opener) -> None:
    async with site() as edge:
        assert await post(edge, [ORDER]) == Outcome(accepted=1)
        assert edge.core.folds.top("spend", "all", 1)[0][1:] == ("14048", 1999)


async def test_the_same_id_counts_once_also_in_one_message_and_after_a_restart(site: Opener) -> None:
    async with site() as edge:
        assert await post(edge, [ORDER, ORDER]) == Outcome(accepted=1, duplicate=1)
    async with site() as edge:
        assert await post(edge, [ORDER]) == Outcome(duplicate=1)
        assert await post(edge, [ORDER], source="till-2") == Outcome(accepted=1)


async def test_any_field_is_ranked_by_its_value_as_json_writes_it(site: Opener) -> None:
    by_item = RankingSpec(name="items", kinds=("order.placed",), key="item")
    values = [True, "true", False, 7, "7", 7.5, "<b>", None]
    async with site(Settings(ranking=(by_item,))) as edge:
        events = [{"kind": "order.placed", "item": value} for value in values]
        assert await post(edge, [*events, {"kind": "order.placed"}]) == Outcome(accepted=9)
        top = edge.core.folds.top("items", "all", 9)
    assert [(place.key, place.score) for place in top] == [
        ("7", 2), ("true", 2), ("7.5", 1), ("<b>", 1), ("false", 1),
    ]  # fmt: skip


async def test_an_id_is_forgotten_after_thirty_days(site: Opener) -> None:
    day = 86_400_000
    async with site() as edge:
        await post(edge, [ORDER])
        assert (await post(edge, [ORDER], now=NOW + 29 * day)).duplicate == 1
        await post(edge, [{"kind": "a", "id": "other"}], now=NOW + 31 * day)
        assert (await post(edge, [ORDER], now=NOW + 31 * day)).accepted == 1


async def test_numbers_continue_after_a_restart(site: Opener) -> None:
    for _ in range(3):
        async with site() as edge:
            await post(edge, [{"kind": "door.opened"}])
    async with site() as edge:
        assert await edge.query("SELECT seq FROM event ORDER BY id") == [(1,), (2,), (3,)]
        assert len(set(await edge.query("SELECT epoch FROM event"))) == 1


WRONG = [
    (5, f"an event is an object with kind; {EXAMPLE}"),
    ({}, f"kind: is missing; {KIND}"),
    ({"kind": 5}, f"kind: 5 is no kind; {KIND}"),
    ({"kind": "a", "id": [5]}, "id: a text of 1 to 256 characters, or a whole number; leave it out for none"),
    ({"kind": "a", "at": True}, "at: ms since 1970 UTC, or ISO 8601 with its offset, as 2026-11-27T14:03:00+01:00"),
    ({"kind": "a", "customer": 5.5}, "field customer: a text or a whole number; leave it out for a guest"),
    ({"kind": "a", "x": "a\u0000b"}, "field x: text of at most 256 characters, none of control"),
    ({"kind": "a", "x y": 1}, "a field's name is 1 to 32 of letters, digits, _ - and ., a letter first"),
    ({"kind": "a", **{f"f{n}": n for n in range(33)}}, "more than 32 fields"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), WRONG, ids=[str(one[0])[:30] for one in WRONG])
async def test_a_bad_event_is_kept_with_its_reason_and_the_others_are_stored(
    body: object, reason: str, site: Opener
) -> None:
    async with site() as edge:
        posted = await post(edge, [{"kind": "a"}, body, {"kind": "b"}])
        assert posted == Outcome(accepted=2, rejected=[(1, reason)])
        assert await edge.query("SELECT source, reason FROM reject") == [("till-1", reason)]


async def test_bytes_that_are_no_json_are_kept_and_settled(site: Opener) -> None:
    async with site() as edge:
        posted = await post(edge, [Undecoded(b"{", "no JSON: it ends too early")])
        assert posted.rejected == [(0, "no JSON: it ends too early")]
        assert await edge.query("SELECT payload FROM reject") == [(b"{",)]


async def test_an_unknown_sender_stores_nothing(site: Opener) -> None:
    async with site() as edge:
        assert (await post(edge, [ORDER], source="stranger")).rejected == [(0, "unknown device")]
        assert not await edge.query("SELECT * FROM event")


@examples(max_examples=500)
@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_a_wire_error(payload: bytes) -> None:
    for read in (decode.up, decode.record, foreign.objects):
        try:
            found = read(payload)
        except WireError as error:
            assert error.reason
        else:
            assert found is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@examples(max_examples=500)
@given(JSON)
def test_any_value_is_an_event_or_a_wire_error(value: object) -> None:
    for body in (
        value,
        {"kind": "a", "x": value},
        {"kind": "a", "at": value},
        {"kind": "a", "customer": value},
    ):
        try:
            event = foreign.take(body, Now(NOW))
        except WireError as error:
            assert error.reason
        else:
            assert event.at <= NOW and event.at >= foreign.EARLIEST_AT
