"""The edge's short way to an event takes nothing that the wire's own rules refuse, and reads the same."""

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.wire import event, reading
from firmware.wire.errors import WireError
from server.ingest import decode

TEXTS = st.sampled_from(
    ["customer", "order.placed", "device.lost", "cents", "", "a\n", "é", "\x85", "K", "9"]
)
NUMBERS = st.sampled_from([-1, 0, 1, 2, 3, 10, 11, 2**53 - 1, 2**53, -(2**53), 2**64 - 1])
SCALARS = st.one_of(
    TEXTS, NUMBERS, st.none(), st.booleans(), st.floats(), st.just(b"x"), st.text(max_size=300)
)
RECORDS = st.tuples(
    SCALARS,
    st.dictionaries(st.one_of(TEXTS, NUMBERS), SCALARS | st.just([1]), max_size=5),
    *[NUMBERS | st.sampled_from([True, 1.0])] * 4,
).map(list)


def judged(data: bytes) -> object:
    """What the rules say of a record."""
    try:
        found = vars(reading.event(msgpack.unpackb(data, strict_map_key=False, max_ext_len=0)))
    except WireError as error:
        return error.reason
    return "kind: device.lost is the edge's own word" if found["kind"] == decode.LOST else found


def taken(data: bytes) -> object:
    """What the edge makes of it."""
    try:
        return msgspec.structs.asdict(decode.record(data))
    except WireError as error:
        return error.reason


@settings(max_examples=600)
@given(RECORDS)
def test_the_short_way_and_the_rules_agree(record: list[object]) -> None:
    data = msgpack.packb(record)
    assert repr(taken(data)) == repr(judged(data))


def test_a_plain_record_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"customer": "1017", "cents": 350, "note": "a b", "weight": 1.5, "gift": None}
    data = event.encode(event.Event("order.placed", dict(fields), 1, 5, 9, event.EDGE))
    monkeypatch.setattr(reading, "event", None)
    assert decode.record(data).fields == fields
