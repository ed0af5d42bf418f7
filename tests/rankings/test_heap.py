"""The heap lists what sorting lists, whatever rises and falls."""

from hypothesis import given, settings
from hypothesis import strategies as st

from server.rankings.heap import Heap

OPERATIONS = st.lists(st.tuples(st.integers(0, 8), st.integers(-5, 5)), max_size=60)


@settings(max_examples=300)
@given(OPERATIONS, st.permutations(range(9)))
def test_top_and_rank_equal_a_sort_after_any_changes(
    changes: list[tuple[int, int]], order: list[int]
) -> None:
    names = {key: str(place) for key, place in enumerate(order)}
    heap, truth = Heap(names), dict.fromkeys(range(9), 0)
    for number, (key, delta) in enumerate(changes):
        if number % 4:
            heap.add(key, delta)
        else:
            heap.add_all({key: delta})
        truth[key] += delta
        if number % 3 == 0:  # what was found before a change must not be told after it
            heap.top(3)
    listed = [(key, score) for key, score in truth.items() if score > 0]
    listed.sort(key=lambda pair: (-pair[1], names[pair[0]]))
    assert list(heap.top(3)) == listed[:3]
    assert list(heap.top(99)) == listed
    assert list(heap.top(3)) == listed[:3]
    assert len(heap) == len(listed)
    assert [heap.rank(key) for key, _ in listed] == list(range(1, len(listed) + 1))
    assert all(heap.score(key) == score for key, score in truth.items())


def test_equal_scores_go_by_the_smaller_name() -> None:
    heap = Heap({1: "07592", 2: "00499", 3: "14048"})
    for key in (3, 1, 2):
        heap.add(key, 5)
    assert heap.top(3) == ((2, 5), (1, 5), (3, 5))


def test_a_key_at_or_below_zero_is_not_listed_and_comes_back_from_where_it_was() -> None:
    heap = Heap({1: "a"})
    heap.add(1, 3)
    heap.add(1, -5)
    assert (heap.top(1), heap.rank(1), len(heap)) == ((), None, 0)
    heap.add(1, 3)
    assert heap.top(1) == ((1, 1),)
