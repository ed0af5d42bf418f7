"""Leaders are who sorting says, after each change, and who comes in is who was not among them before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from server.rankings.leaders import Leaders, Place

CHANGES = st.lists(st.tuples(st.integers(0, 7), st.integers(-4, 4)), max_size=60)


@settings(max_examples=500)
@given(CHANGES, st.integers(1, 9), st.permutations("abcdefgh"), st.integers(0, 60))
def test_leaders_equal_a_sort_after_any_change(
    changes: list[tuple[int, int]], k: int, names: list[str], begun: int
) -> None:
    scores = dict.fromkeys(range(8), 0)

    def place(key: int) -> Place:
        return -scores[key], names[key]

    def everybody() -> list[tuple[int, Place]]:
        return [(key, place(key)) for key, score in scores.items() if score > 0]

    leaders = Leaders(k)
    for number, (key, delta) in enumerate(changes):
        if number == begun:  # as after a restart
            leaders = Leaders(k, everybody())
        before = set(leaders.places)
        scores[key] += delta
        entered = leaders.copy().change(key, place(key), everybody)
        assert set(leaders.places) == before  # a copy changes apart
        assert leaders.change(key, place(key), everybody) == entered
        truth = sorted((one for one, score in scores.items() if score > 0), key=place)[:k]
        assert sorted(leaders.places, key=leaders.rank) == truth
        assert {entered} - {None} == set(truth) - before
        assert leaders.places == {one: place(one) for one in truth}


def test_everybody_is_asked_only_when_a_leader_falls_behind_the_last() -> None:
    places = {number: (-10 * number, f"{number:02}") for number in range(1, 6)}
    leaders = Leaders(3, places.items())  # 5, 4 and 3

    def nobody() -> list[tuple[int, Place]]:
        raise AssertionError("asked")

    assert leaders.change(5, (-45, "05"), nobody) is None  # falls, and stays before the last
    assert leaders.change(3, (-41, "03"), nobody) is None  # the last rises
    assert leaders.change(1, (-39, "01"), nobody) is None  # an outsider rises too little
    assert leaders.change(1, (-40, "01"), nobody) == 1  # as many as the last, and the smaller name
    assert leaders.change(4, (-40, "04"), nobody) is None  # it is none any more
    assert sorted(leaders.places, key=leaders.rank) == [5, 3, 1]
