"""The minutes in which a device was heard survive restarts, and old days go."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from server.folds.beats import HOUR_MS, KEPT_DAYS, MINUTE_MS, Beats
from server.store import beats as table
from server.store.database import Database

DAY_MS = 24 * HOUR_MS
NOW = 20_000 * DAY_MS


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3 * DAY_MS)), max_size=60),
    st.integers(0, 73),
    st.integers(0, 73),
)
def test_minutes_are_counted_once_whatever_comes_in_them(
    words: list[tuple[str, int]], first: int, count: int
) -> None:
    words.sort(key=lambda word: word[1])
    beats = Beats()
    for name, at in words:
        beats.heard(name, NOW + at)
    minutes = Counter(
        (name, (NOW + at) // MINUTE_MS // 60)
        for name, at in {(n, a // MINUTE_MS * MINUTE_MS) for n, a in words}
    )
    hours = range(NOW // HOUR_MS, NOW // HOUR_MS + 73)
    for name in "ab":
        for hour in hours:
            assert beats.minutes(name, range(hour, hour + 1)) == minutes[name, hour]
        span = range(hours[0] + first, hours[0] + first + count)
        assert beats.minutes(name, span) == sum(minutes[name, hour] for hour in span)


def test_a_clock_that_goes_back_counts_no_minute_twice() -> None:
    beats = Beats()
    for at in (5, 6, 3, 4, 5, 6, 7):
        beats.heard("a", NOW + at * MINUTE_MS)
    assert beats.minutes("a", range(NOW // HOUR_MS, NOW // HOUR_MS + 1)) == 3


async def test_what_was_saved_is_there_after_a_start_and_ninety_days_are_kept(tmp_path: Path) -> None:
    async with Database(tmp_path) as database:
        beats = Beats()
        for day in range(KEPT_DAYS + 5):
            beats.heard("a", NOW + day * DAY_MS)
            unsaved = beats.unsaved()
            await database.write(table.save, unsaved.days, unsaved.old)
        last = NOW + (KEPT_DAYS + 4) * DAY_MS
        kept = await database.read(table.load)
        assert len(kept) == KEPT_DAYS
        again = Beats()
        await database.read(again.load, last)
        for day in range(KEPT_DAYS + 5):
            hour = (NOW + day * DAY_MS) // HOUR_MS
            span = range(hour, hour + 1)
            assert again.minutes("a", span) == beats.minutes("a", span) == (day > 4)
        await database.read(again.load, last + 10 * DAY_MS)  # an edge that was off
        unsaved = again.unsaved()
        await database.write(table.save, unsaved.days, unsaved.old)
        assert len(await database.read(table.load)) == KEPT_DAYS - 10
