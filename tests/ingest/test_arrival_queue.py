"""Nobody waits for another's flood, and nobody's own order changes."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from server.ingest.arrival import UpArrival
from server.ingest.arrival_queue import ArrivalQueue

STEPS = st.lists(st.one_of(st.sampled_from("abc"), st.just("take"), st.integers(1, 4)), max_size=80)


@given(STEPS)
def test_sources_take_turns_and_each_keeps_its_order(steps: list[str | int]) -> None:
    """A letter puts one of that source; "take" takes one; a number takes so many and puts them back."""
    waiting, truth, number = ArrivalQueue(), defaultdict[str, list[int]](list), 0
    since: dict[str, set[str]] = {}  # who was taken since this one, while it waited
    for step in steps:
        if step == "take" and len(waiting):
            taken = waiting.take()
            assert isinstance(taken, UpArrival)
            assert taken.received_at == truth[taken.device].pop(0)
            since.pop(taken.device, None)
            for source in [one for one, mine in truth.items() if mine and one != taken.device]:
                before = since.setdefault(source, set())
                assert taken.device not in before, f"{taken.device} twice before {source}"
                before.add(taken.device)
        elif isinstance(step, int):
            back = [waiting.take() for _ in range(min(step, len(waiting)))]
            waiting.back(back)
            since.clear()
        elif step != "take":
            number += 1
            truth[step].append(number)
            waiting.put(UpArrival(step, b"x", number))
        assert len(waiting) == sum(map(len, truth.values()))
        assert all(waiting.of(source) == len(mine) for source, mine in truth.items())
        assert (waiting.weight > 0) == (len(waiting) > 0)
