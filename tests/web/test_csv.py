"""Tables that spreadsheets open rightly: letters, local times, and no formula that somebody else wrote."""

import csv as reader
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.settings import EdgeSection, Settings
from server.store.events import Stored
from server.web.api import csv
from tests.web.shop import open_shop

BERLIN = ZoneInfo("Europe/Berlin")
AT = 1_795_784_585_678  # 2026-11-27 13:03:05 UTC
TEXTS = st.text(
    st.one_of(st.sampled_from("=+-@\t\r\n ,;|\"'1a＝\u200b\ufeff\xa0\\"), st.characters(codec="utf-8"))
)
SIGNS = tuple("=+-@\t\r＝＋－＠")
UNSEEN = re.compile(r"^[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2060\ufeff]+")


def event(customer: str, *, at: int = AT, clock_at: int = 0, **fields: object) -> Stored:
    return Stored(1, "till-1", 7, 42, "order.placed", customer, at, AT + 1000, clock_at, "none", 1, 0, fields)


def table(*rows: object) -> str:
    """A table as bytes on a disk, without the mark in front."""
    data = csv.head(Stored) + csv.lines(rows, BERLIN)
    assert data == csv.text(rows, BERLIN).encode()
    return data.decode("utf-8-sig")


def cells(written: str) -> set[str]:
    """What all spreadsheets may take for a cell: at each separator, with and without regard to quotes."""
    found = set(re.split(r"[,;|\t\r\n]", written))
    for separator in ",;|\t":
        for quoting in (reader.QUOTE_MINIMAL, reader.QUOTE_NONE):
            lines = reader.reader(io.StringIO(written, newline=""), delimiter=separator, quoting=quoting)
            found.update(cell for line in lines for cell in line)
    return found


def is_number(cell: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?", cell) is not None


def computed(cell: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula, in spite of quotes and blanks in front of it."""
    while cell:
        if cell.startswith(SIGNS) and not is_number(cell):
            return True
        rest = UNSEEN.sub("", cell).removeprefix('"')
        if rest == cell:
            return False
        cell = rest
    return False


@given(TEXTS, TEXTS)
@example("a;=1+1", "")
@example('a;"=1+1&";', '";"=1')
@example("\t=1", ";\t=1")
@example("x;\u200b =1", "=1\n=2")
@example("-5", "＝1")
def test_no_text_is_a_formula_wherever_lines_are_split(customer: str, note: str) -> None:
    """U14: `;=1+1` was a formula where lists are separated by semicolons."""
    written = table(event(customer, note=note, value=-5, **{f"n{customer}": note}))
    assert [cell for cell in cells(written) if computed(cell)] == []


@given(TEXTS, TEXTS)
def test_a_table_says_what_the_event_said(customer: str, note: str) -> None:
    """U14: nothing is lost; apostrophes are added to texts, and JSON says the same."""
    (row,) = reader.DictReader(io.StringIO(table(event(customer, note=note)), newline=""))
    assert row["customer"].replace("'", "") == customer.replace("'", "")
    assert json.loads(row["fields"]) == {"note": note}


@given(st.text(st.characters(codec="utf-8", exclude_characters="=+-@\t\r＝＋－＠")))
def test_a_text_without_a_sign_stays_as_it_is(customer: str) -> None:
    """U14: most texts need no apostrophe."""
    (row,) = reader.DictReader(io.StringIO(table(event(customer)), newline=""))
    assert row["customer"] == customer


def test_a_hyphen_within_a_text_is_no_sign_and_a_number_stays_a_number() -> None:
    """U14: only what a cell may begin with is written differently."""
    lines = csv.lines([{"score": -5, "value": -0.5, "key": "a-b + c=d", "text": "-5"}], BERLIN)
    assert lines == b"-5,-0.5,a-b + c=d,'-5\r\n"


def test_a_table_begins_with_a_mark_and_ends_its_lines_with_crlf() -> None:
    """U14: without the mark, Excel shows José as JosÃ©."""
    data = csv.text([event("José")], BERLIN).encode()
    assert data.startswith(b"\xef\xbb\xbfid,") and "José".encode() in data
    assert data.count(b"\r\n") == data.count(b"\n") == 2


def test_each_moment_has_its_local_time_beside_it() -> None:
    """U14: 1795784585678 is a time for nobody."""
    summer = 1_782_000_000_000
    (row,) = reader.DictReader(io.StringIO(table(event("a", at=summer, clock_at=0))))
    assert (row["at"], row["at_local"]) == (str(summer), "2026-06-21 02:00:00")
    assert (row["received_at"], row["received_at_local"]) == (str(AT + 1000), "2026-11-27 14:03:06")
    assert (row["clock_at"], row["clock_at_local"]) == ("0", "")
    told = {"since": AT, "until": None, "revoked_at": 1 << 62, "format": 5}
    assert csv.text([told], BERLIN).splitlines() == [
        "\ufeffsince,since_local,until,until_local,revoked_at,revoked_at_local,format",
        f"{AT},2026-11-27 14:03:05,,,{1 << 62},,5",
    ]


@pytest.mark.parametrize(
    "path",
    ["events.csv", "events?format=csv", "totals?format=csv", "customers?format=csv", "tokens?format=csv"],
)
async def test_all_tables_have_the_local_time_of_the_site(tmp_path: Path, path: str) -> None:
    """U14: in the zone of the settings, wherever CSV is made."""
    settings = Settings(edge=EdgeSection(timezone="Pacific/Apia"))
    async with open_shop(tmp_path, settings) as shop:
        await shop.orders(1, customer="José;=1+1")
        headers = {"Authorization": f"Bearer {await shop.token('read', 'admin')}"}
        async with aiohttp.ClientSession(headers=headers) as program:
            data = await (await program.get(f"{shop.url}/api/v1/{path}")).read()
    assert data.startswith(b"\xef\xbb\xbf") and b";=" not in data
    row = next(reader.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    moments = [name for name in row if name == "at" or name.endswith("_at")]
    assert moments
    for name in moments:
        assert row[f"{name}_local"] == (_there(int(row[name])) if row[name] not in ("", "0") else "")


def _there(at: int) -> str:
    """Apia is 13 hours ahead of UTC all year."""
    return f"{datetime.fromtimestamp(at // 1000, UTC) + timedelta(hours=13):%Y-%m-%d %H:%M:%S}"
