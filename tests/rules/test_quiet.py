"""Quiet hours end when the site's clocks say so, on the days on which clocks change too."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.calendar import Days
from server.ingest.arrival import Posting
from server.rules.evaluate import Entered, Evaluator, Occurrence
from server.rules.quiet import after
from server.rules.rule import FACTS, Addresses
from server.settings import EdgeSection, Hours, Rule, Settings
from server.store.mail import Mails
from tests.site import Opener

MINUTE = 60_000
DAYS = [  # a zone, and a day around which its clocks change, or do not
    ("Europe/Berlin", (2026, 3, 29)), ("Europe/Berlin", (2026, 10, 25)), ("America/New_York", (2026, 11, 1)),
    ("Australia/Lord_Howe", (2026, 4, 5)), ("Australia/Lord_Howe", (2026, 10, 4)), ("Africa/Casablanca", (2026, 2, 15)),
    ("Asia/Kathmandu", (2026, 7, 1)), ("UTC", (2026, 7, 1)), ("America/Santiago", (2026, 9, 6)),
]  # fmt: skip
SPANS = [
    (22 * 60, 7 * 60),
    (0, 24 * 60 - 1),
    (2 * 60, 3 * 60),
    (2 * 60 + 30, 2 * 60 + 31),
    (12 * 60, 11 * 60 + 59),
    (1, 0),
]
TIMES = st.integers(0, 24 * 60 - 1)


def is_quiet(hours: Hours, at: int, zone: ZoneInfo) -> bool:
    """What a clock on the site's wall says."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    minute = local.hour * 60 + local.minute
    if hours.start < hours.end:
        return hours.start <= minute < hours.end
    return minute >= hours.start or minute < hours.end


def check_two_days(zone: ZoneInfo, day: tuple[int, int, int], hours: Hours) -> None:
    """Every minute from noon to noon, backwards: the end is the next minute that is not quiet."""
    noon = datetime(*day, 12, tzinfo=UTC) - timedelta(days=1)
    first, offset = int(noon.timestamp() * 1000), Days(zone).offset
    ends = first + 4 * 24 * 60 * MINUTE
    while is_quiet(hours, ends, zone):
        ends += MINUTE
    for at in range(ends, first, -MINUTE):
        ends = ends if is_quiet(hours, at, zone) else at
        assert after(hours, at, offset) == ends, (zone, hours, at)
        if is_quiet(hours, at, zone):
            assert after(hours, at + 12_345, offset) == ends


@pytest.mark.parametrize(("zone", "day"), DAYS, ids=[f"{zone} {day}" for zone, day in DAYS])
@pytest.mark.parametrize("hours", SPANS)
def test_a_mail_of_any_minute_waits_for_the_next_that_is_not_quiet(
    zone: str, day: tuple[int, int, int], hours: tuple[int, int]
) -> None:
    check_two_days(ZoneInfo(zone), day, Hours(*hours))


@hypothesis_settings(max_examples=20)
@given(st.sampled_from(DAYS), TIMES, TIMES)
def test_the_same_for_any_hours(where: tuple[str, tuple[int, int, int]], start: int, end: int) -> None:
    if start != end:
        check_two_days(ZoneInfo(where[0]), where[1], Hours(start, end))


def test_without_quiet_hours_nothing_waits() -> None:
    assert after(None, 5, lambda at: 0) == 5


AT = int(
    datetime(2026, 10, 24, 21, 0, tzinfo=UTC).timestamp() * 1000
)  # 23:00 in Berlin, before clocks go back
SEVEN = int(datetime(2026, 10, 25, 6, 0, tzinfo=UTC).timestamp() * 1000)
NEXT_SEVEN = SEVEN + 24 * 60 * MINUTE
CASES = [  # rule, when it is born, when it may go out
    ({"quiet": "22:00-07:00"}, AT, SEVEN), ({"quiet": "22:00-07:00"}, SEVEN, 0), ({}, AT, 0),
    ({"quiet": "22:00-07:00"}, SEVEN - 1, SEVEN), ({"quiet": "22:00-07:00", "digest": "hour"}, AT, SEVEN),
    ({"quiet": "22:00-07:00", "digest": "hour"}, SEVEN, SEVEN + 60 * MINUTE),
    ({"quiet": "22:00-07:00", "digest": "hour"}, AT - 90 * MINUTE, SEVEN),  # the hour ends in quiet hours
    ({"quiet": "00:00-07:00", "digest": "day"}, AT, SEVEN), ({"quiet": "00:00-07:00", "digest": "day"}, SEVEN, NEXT_SEVEN),
    ({"digest": "hour"}, AT, AT + 60 * MINUTE),
]  # fmt: skip


@pytest.mark.parametrize(("more", "at", "wanted"), CASES, ids=[f"{one[0]} at {one[1]}" for one in CASES])
def test_mails_and_digests_that_are_due_in_quiet_hours_wait_for_their_end(
    more: dict[str, str], at: int, wanted: int
) -> None:
    rules = [
        Rule(name="a", on="x", to="a@b.c", **more),
        Rule(name="b", entered="top-3 of o", to="a@b.c", **more),
    ]
    evaluator = Evaluator(rules, Addresses((), ""), Days(ZoneInfo("Europe/Berlin")).offset)
    event = Occurrence("till-1/7/1", "x", "till-1", "c", None, 5, at, {"cents": 5})
    (told,) = evaluator.letters(rules[0], 1, event)
    (welcome,) = evaluator.welcomes(rules[1], Entered(3, "o", "c", 1, 9, "c", None), event)
    assert (told.not_before_at, welcome.not_before_at) == (wanted, wanted)
    assert (set(told.facts), set(welcome.facts)) == (FACTS["on"], FACTS["entered"])


DIGESTS = [  # zone, digest, when its event came and when it ends, by the clock of UTC
    ("Europe/Berlin", "day", "2026-11-22T23:00", "2026-11-23T23:00"), ("Europe/Berlin", "day", "2026-11-22T22:59", "2026-11-22T23:00"),
    ("Europe/Berlin", "day", "2026-10-24T22:00", "2026-10-25T23:00"), ("Europe/Berlin", "hour", "2026-10-25T00:10", "2026-10-25T01:00"),
    ("Europe/Berlin", "hour", "2026-10-25T01:10", "2026-10-25T02:00"), ("America/Los_Angeles", "day", "2026-11-23T05:00", "2026-11-23T08:00"),
    ("Asia/Kolkata", "hour", "2026-11-23T05:00", "2026-11-23T05:30"), ("America/Santiago", "day", "2026-09-05T20:00", "2026-09-06T04:00"),
    ("America/Havana", "day", "2026-10-31T20:00", "2026-11-01T04:00"), ("UTC", "day", "2026-11-23T00:00", "2026-11-24T00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "digest", "came", "ends"), DIGESTS)
def test_a_digest_ends_with_the_hour_or_the_day_of_the_site(
    zone: str, digest: str, came: str, ends: str
) -> None:
    at, end = (int(datetime.fromisoformat(f"{one}Z").timestamp() * 1000) for one in (came, ends))
    rule = Rule(name="a", on="x", to="a@b.c", digest=digest)  # type: ignore[arg-type]
    evaluator = Evaluator([rule], Addresses((), ""), Days(ZoneInfo(zone)).offset)
    (told,) = evaluator.letters(rule, 1, Occurrence("till-1/7/1", "x", "till-1", "c", None, 5, at, {}))
    assert told.not_before_at == end
    (last,) = evaluator.letters(rule, 1, Occurrence("till-1/7/2", "x", "till-1", "c", None, 5, end - 1, {}))
    assert (last.key, last.not_before_at) == (told.key, end)


async def test_a_mail_of_quiet_hours_is_in_the_outbox_once_and_due_at_their_end(site: Opener) -> None:
    rule = Rule(name="night", on="order.placed", to="a@b.c", quiet="22:00-07:00")
    berlin = Settings(edge=EdgeSection(timezone="Europe/Berlin"), rule=(rule,))
    event = {"kind": "order.placed", "id": "1"}
    for _ in range(2):
        async with site(berlin) as edge:
            await edge.take(Posting("till-1", [dict(event)], AT, lambda posted: None))
            mails = Mails(edge.core.database)
            assert await mails.due(SEVEN - 1, 9) == []
            assert [(mail.rule, mail.created_at) for mail in await mails.due(SEVEN, 9)] == [("night", AT)]
