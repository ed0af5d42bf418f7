"""What becomes of payloads that others send: the table of docs/clients.md, over MQTT and HTTP alike."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import msgpack
import pytest

from firmware.wire.errors import WireError
from firmware.wire.event import QUALITIES
from server.folds.log_time import Now
from server.ingest import foreign
from server.ingest.arrival import Outcome, Posting, Undecoded
from server.settings import RankingSpec, Settings
from server.web.api import body
from tests.ingest.boards import NOW
from tests.site import Opener, Site

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
AHEAD = 24 * 3_600_000


class Row(NamedTuple):
    """what: the surprise. sent: its bytes. becomes: what the table says."""

    what: str
    sent: str
    becomes: str


def rows() -> list[Row]:
    table = PAGE.read_text().partition("## What becomes of surprises")[2].partition("\n## ")[0]
    found = [Row(*one) for one in re.findall(r"^\| ([^|]+) \| `([^|]+)` \| (.*) \|$", table, re.MULTILINE)]
    assert len(found) > 25
    return found


async def taken(edge: Site, payload: bytes) -> Outcome:
    """What becomes of a payload, as reception hands it on."""
    outcomes: list[Outcome] = []
    try:
        objects = foreign.objects(payload)
    except WireError as error:
        objects = [Undecoded(payload, error.reason)]
    await edge.take(Posting("till-1", objects, NOW, outcomes.append))
    return outcomes[0]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.what)
async def test_the_table_of_surprises_is_true(row: Row, site: Opener) -> None:
    """U4, U7, U8, U15."""
    async with site() as edge:
        outcome = await taken(edge, row.sent.encode())
        if row.becomes.startswith("refused: "):
            (reason,) = re.findall(r"^refused: `(.+)`$", row.becomes)
            assert outcome.rejected == [(0, reason)]
            assert await edge.query("SELECT source, reason FROM reject") == [("till-1", reason)]
            return
        (stored,) = re.findall(r"^stored: `([^`]+)`", row.becomes)
        columns = "e.at, e.quality, c.name, e.fields"
        ((at, quality, customer, fields),) = await edge.query(
            f"SELECT {columns} FROM event e LEFT JOIN customer c ON c.id = e.customer"
        )
        told: dict[str, Any] = msgpack.unpackb(fields)  # type: ignore[arg-type]
        if customer is not None:
            told["customer"] = customer
        assert told == json.loads(stored)
        moment = re.search(r", at `(\d+)`", row.becomes)
        assert at == (int(moment[1]) if moment else NOW)
        assert (QUALITIES[quality] == "doubted") == ("`doubted`" in row.becomes)  # type: ignore[index]
        noted = re.search(r"noted: `(.+)`", row.becomes)
        assert outcome.notes == ([(0, noted[1])] if noted else [])
        assert await edge.query("SELECT reason FROM reject") == ([(noted[1],)] if noted else [])


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.what)
def test_http_reads_each_of_them_as_mqtt_does(row: Row) -> None:
    payload = row.sent.encode()
    try:
        expected = foreign.parse(payload)
    except WireError as error:
        with pytest.raises(Exception, match="The body is no JSON"):
            body.free(payload)
        assert error.reason.startswith("no JSON")
    else:
        assert body.free(payload) == expected


@pytest.mark.parametrize("payload", [b'\xef\xbb\xbf{"kind": "a"}', b'\xef\xbb\xbf[{"kind": "a"}]'])
async def test_a_byte_order_mark_is_skipped(payload: bytes, site: Opener) -> None:
    """U15."""
    async with site() as edge:
        assert (await taken(edge, payload)).accepted == 1


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-32"])
async def test_another_encoding_is_named(encoding: str, site: Opener) -> None:
    async with site() as edge:
        outcome = await taken(edge, '{"kind": "a", "item": "Käse"}'.encode(encoding))
        assert (
            outcome.rejected == [(0, "the text is not UTF-8; send it as UTF-8")]
            or "no JSON" in outcome.rejected[0][1]
        )


async def test_one_field_that_is_no_number_costs_neither_its_event_nor_its_neighbours(site: Opener) -> None:
    """U15: NaN in one field cost the whole message."""
    async with site() as edge:
        batch = b'[{"kind": "a", "t": 1}, {"kind": "a", "t": NaN, "u": -Infinity, "v": 2}, {"kind": "a"}]'
        outcome = await taken(edge, batch)
        assert (outcome.accepted, [index for index, _ in outcome.notes]) == (3, [1, 1])
        stored = await edge.query("SELECT fields FROM event ORDER BY id")
        assert msgpack.unpackb(stored[1][0]) == {"t": None, "u": None, "v": 2}  # type: ignore[arg-type]


def test_a_time_ahead_is_believed_for_a_day_and_then_doubted() -> None:
    """U4: never refused, and never later than the receipt."""
    for ahead, quality in ((0, "ntp"), (1, "ntp"), (AHEAD, "ntp"), (AHEAD + 1, "doubted")):
        event = foreign.take({"kind": "a", "at": NOW + ahead}, Now(NOW))
        assert (event.at, event.taken.at, QUALITIES[event.taken.quality]) == (NOW, NOW + ahead, quality)


def test_while_the_edge_does_not_know_the_time_a_foreign_one_is_taken_as_it_is() -> None:
    """U5: a host whose clock is behind must not date an event that knows its own time."""
    event = foreign.take({"kind": "a", "at": NOW + 30 * AHEAD}, Now(NOW, is_known=False))
    assert (event.at, QUALITIES[event.taken.quality]) == (NOW + 30 * AHEAD, "ntp")


SPEND = RankingSpec(name="spend", kinds=("order.placed",), score="sum:cents")


async def test_a_view_does_not_decide_what_the_log_keeps(site: Opener) -> None:
    """U7: decimals are stored, do not count, and the ranking says how many; whole floats count."""
    settings = Settings(ranking=(SPEND,))
    async with site(settings) as edge:
        values = [100, 200.0, 1e3, 19.99, "19.99", True, None, 9]
        events = [{"kind": "order.placed", "customer": "a", "cents": value} for value in values]
        outcomes: list[Outcome] = []
        await edge.take(Posting("till-1", events, NOW, outcomes.append))
        assert outcomes == [Outcome(accepted=8)]
        assert edge.core.folds.top("spend", "all", 1)[0].score == 1309
        assert edge.core.folds.skipped("spend") == 3
    async with site(settings) as edge:  # replayed from the log
        assert (edge.core.folds.top("spend", "all", 1)[0].score, edge.core.folds.skipped("spend")) == (
            1309,
            3,
        )
    again = Settings(ranking=(RankingSpec(name="spend", kinds=("order.placed",), score="sum:quantity"),))
    async with site(again) as edge:  # another spec begins anew, with what it cannot count
        assert edge.core.folds.skipped("spend") == 0
