"""Chunks give back every event, and never change under their key."""

from hypothesis import given, settings
from hypothesis import strategies as st

from server.store.events import Stored
from sync.table.chunk import MAX_BYTES, customer_key, distinct, key, pack, unpack

HOUR = 3_600_000
EVENTS = st.lists(
    st.builds(
        Stored,
        id=st.just(0),
        device=st.sampled_from(["till-1", "till-2", "button-9"]),
        epoch=st.integers(1, 2**32 - 1),
        seq=st.integers(1, 2**53 - 1),
        kind=st.sampled_from(["order.placed", "button.pressed"]),
        customer=st.none() | st.text(min_size=1, max_size=8),
        at=st.integers(1_795_000_000_000, 1_795_000_000_000 + 3 * HOUR),
        received_at=st.just(1_795_000_000_000),
        clock_at=st.just(0),
        quality=st.sampled_from(["none", "ntp"]),
        boot=st.integers(0, 9),
        uptime_ms=st.integers(0, 99),
        fields=st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=200), max_size=6).filter(
            lambda fields: all(-(2**63) < v < 2**63 for v in fields.values() if isinstance(v, int))
        ),
    ),
    max_size=40,
)


@settings(max_examples=200)
@given(EVENTS)
def test_sealed_events_come_back_whole_and_under_the_key_of_their_hour(events: list[Stored]) -> None:
    chunks = pack("shop", "ab12", 5, events)
    back = [
        (chunk.pk, event) for chunk in chunks if chunk.pk.startswith("D#") for event in unpack(chunk.body)
    ]
    assert sorted(map(repr, (event for _, event in back))) == sorted(map(repr, events))
    assert all(pk == key("shop", event.device, event.at) for pk, event in back)
    assert sum(chunk.events for chunk in chunks if chunk.pk.startswith("C#")) == sum(
        1 for event in events if event.customer is not None
    )
    assert len({(chunk.pk, chunk.sk) for chunk in chunks}) == len(chunks)
    assert pack("shop", "ab12", 5, events) == chunks


def test_no_chunk_is_larger_than_a_second_of_the_free_units_pays_for() -> None:
    import random

    noise = random.Random(1)
    events = [
        Stored(0, "till-1", 1, n, "order.placed", str(n), HOUR, HOUR, 0, "none", 1, 1,
               {"note": noise.randbytes(120).hex()})
        for n in range(1, 2001)
    ]  # fmt: skip
    chunks = pack("shop", "ab12", 5, events)
    assert max(len(chunk.body) for chunk in chunks) <= MAX_BYTES
    assert sum(chunk.events for chunk in chunks if chunk.pk.startswith("D#")) == 2000


def test_keys_are_by_bucket_and_hour_of_the_event() -> None:
    assert (
        key("shop", "till-1", 1_795_355_804_000)
        == "D#shop#00#2026112217"[:7] + key("shop", "till-1", 0)[7:9] + "#2026112213"
    )
    assert customer_key("shop", "14048", 0).startswith("C#shop#")


def test_events_of_two_generations_are_read_once() -> None:
    one = Stored(0, "till-1", 1, 1, "order.placed", None, 0, 0, 0, "none", 1, 1, {})
    assert list(distinct([one, one])) == [one]
