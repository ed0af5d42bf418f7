"""Windows hold the latest days, whenever events come and days change."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from server.rankings.ranking import Ranking
from server.rankings.window import ALL, DAYS
from server.settings import RankingSpec

SPEC = RankingSpec(name="orders", kinds=("order.placed",), windows=("all", "today", "7d", "30d"))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 40), st.integers(0, 4), st.integers(-2, 3)),
        st.tuples(st.just("day"), st.integers(0, 9), st.just(0), st.just(0)),
        st.tuples(st.just("read"), st.just(0), st.just(0), st.just(0)),
    ),
    max_size=60,
)
NAMES = {key: f"c{key}" for key in range(5)}


@settings(max_examples=300)
@given(STEPS)
def test_every_window_equals_brute_force_with_late_events_and_days_that_end(
    steps: list[tuple[str, int, int, int]],
) -> None:
    ranking, today, log = Ranking(SPEC, NAMES), 100, list[tuple[int, int, int]]()
    ranking.move(today)
    for step, number, key, delta in [*steps, ("read", 0, 0, 0)]:
        if step == "day":
            today += number
            ranking.move(today)
        elif step == "add" and number < 31:  # a board may have been away for a month
            ranking.add(today - number, {key: delta})
            log.append((today - number, key, delta))
        for name in ranking.windows() if step == "read" else ():
            days = DAYS[name]
            truth: Counter[int] = Counter()
            for day, key_, delta_ in log:
                if not days or today - days < day <= today:
                    truth[key_] += delta_
            listed = sorted((-score, NAMES[key_]) for key_, score in truth.items() if score > 0)
            assert [(-score, NAMES[key_]) for key_, score in ranking.heap(name).top(9)] == listed, name


def test_a_ranking_restored_from_its_stored_scores_is_the_same() -> None:
    one, other = Ranking(SPEC, NAMES), Ranking(SPEC, NAMES)
    one.move(100)
    for day, key, delta in [(100, 1, 2), (98, 2, 5), (75, 3, 1), (100, 2, -1)]:
        one.add(day, {key: delta})
    one.settle()
    for day in (ALL, *one.buckets):
        for key in NAMES:
            if one.stored(day, key):
                other.restore(day, key, one.stored(day, key))
    other.move(100)
    for name in SPEC.windows:
        assert one.heap(name).top(9) == other.heap(name).top(9)
