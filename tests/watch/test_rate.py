"""A sliding minute, in bounded memory."""

from server.watch.rate import Rate


def test_it_counts_the_last_minute() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    for second in range(120):
        now[0] = second
        rate.add(2)
    assert rate.per_minute() == 120
    now[0] = 500
    assert rate.per_minute() == 0


def test_its_memory_does_not_grow_while_nobody_asks() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    for commit in range(100_000):
        now[0] = commit / 10
        rate.add(1)
    assert len(rate.latest) <= 601
