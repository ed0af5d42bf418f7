"""Letters of entries and silences, word for word; what came from outside is text in them, never markup."""

from zoneinfo import ZoneInfo

import pytest

from server.rules.rule import FACTS
from server.settings import Rule
from sync.mail.letter import Envelope, Letters

AT = 1_795_000_000_000
ENTERED = {
    "rule": "a", "ranking": "items", "k": 3, "key": "<b>nut & bolt", "rank": 2, "score": 7, "customer": None, "at": AT,
}  # fmt: skip
SILENT = {
    "rule": "a", "silent": "15m", "at": AT,
    "devices": [{"name": "till-1", "heard_at": AT - 900_000}, {"name": "till-2", "heard_at": AT - 960_000}],
}  # fmt: skip
LETTERS = Letters("shop@shop.example", "pier")


def test_an_entry_names_key_ranking_rank_and_score() -> None:
    letter = LETTERS.render("entered", ENTERED | {"matches": 4}, Envelope("a@b.c", 7, "t"))
    assert letter.subject == "<b>nut & bolt is number 2 of items"
    assert letter.text.splitlines() == [
        "<b>nut & bolt came into the top 3 of items at 2026-11-18 11:06 UTC: number 2, with a score of 7.", "",
        "4 entries are gathered in this mail; this is the first of them.", "", "pier",
    ]  # fmt: skip
    assert "<b>&lt;b&gt;nut &amp; bolt</b>" in letter.html


@pytest.mark.parametrize(
    ("zone", "at", "words"),
    [
        ("Europe/Berlin", AT, "2026-11-18 12:06 CET"),
        ("Europe/Berlin", AT - 150 * 86_400_000, "2026-06-21 13:06 CEST"),
        ("Asia/Kathmandu", AT, "2026-11-18 16:51 +0545"),
        ("Pacific/Apia", 253_402_300_799_999, "9999-"),  # no calendar goes further
    ],
)
def test_times_are_those_of_the_site(zone: str, at: int, words: str) -> None:
    """U19: letters told UTC, whatever the site's zone."""
    letters = Letters("shop@shop.example", "pier", ZoneInfo(zone))
    assert f" at {words}" in letters.render("entered", ENTERED | {"at": at}, Envelope("a@b.c", 7, "t")).text


def test_a_silence_lists_devices_with_when_they_were_last_heard() -> None:
    letter = LETTERS.render("silent", SILENT, Envelope("a@b.c", 7, "t"))
    assert letter.subject == "2 devices are silent"
    assert letter.text == (
        "Found silent up to 2026-11-18 11:06 UTC, each for 15m or longer:\n\n"
        "till-1, last heard 2026-11-18 10:51 UTC\ntill-2, last heard 2026-11-18 10:50 UTC\n\npier\n"
    )
    assert "<b>till-2</b></td><td>last heard 2026-11-18 10:50 UTC" in letter.html
    one = LETTERS.render("silent", SILENT | {"devices": SILENT["devices"][:1]}, Envelope("a@b.c", 7, "t"))  # type: ignore[index]
    assert one.subject == "till-1 is silent"


@pytest.mark.parametrize("name", ["thanks", "welcome"])
def test_a_letter_to_a_customer_whom_no_event_named_calls_nobody_none(name: str) -> None:
    facts = ENTERED | {"number": 7}
    letters = [
        LETTERS.render(name, facts | {"customer": one}, Envelope("a@b.c", 7, "t")) for one in (None, "14048")
    ]
    assert [letter.text.splitlines()[0] for letter in letters] == ["Dear customer,", "Dear customer 14048,"]
    assert ["<p>Dear customer,</p>" in letter.html for letter in letters] == [True, False]


def test_a_notice_writes_fields_as_events_do() -> None:
    fields = {"paid": True, "gift": False, "note": None, "cents": 0}
    facts = {
        "kind": "order.placed",
        "customer": None,
        "number": 1,
        "device": "till-1",
        "at": AT,
        "fields": fields,
    }
    letter = LETTERS.render("notice", facts, Envelope("a@b.c", 7, "t"))
    assert letter.text.splitlines()[1:5] == ["cents: 0", "gift: false", "note: ", "paid: true"]
    assert "<td>paid</td><td>true</td>" in letter.html


@pytest.mark.parametrize(
    ("rule", "letter"),
    [
        (Rule(name="a", to="staff", on="x"), "notice"), (Rule(name="a", to="staff", entered="top-1 of o"), "entered"),
        (Rule(name="a", to="customer", entered="top-1 of o"), "welcome"), (Rule(name="a", to="staff", silent="1h"), "silent"),
    ],
)  # fmt: skip
def test_each_rule_has_a_letter_of_its_own_that_shows_what_the_rule_knows(rule: Rule, letter: str) -> None:
    assert rule.letter == letter
    cause = "on" if rule.on else "entered" if rule.entered else "silent"
    assert LETTERS.needs(letter) <= FACTS[cause] | {"site", "matches"}
