"""Which devices a page shows, in which order, and their heartbeat."""

from hypothesis import given
from hypothesis import strategies as st

from server.folds.beats import Beats
from server.store.devices import Device
from server.web import fleet, heartbeat
from server.web.fleet import Wanted
from server.web.heartbeat import FULL, GAP, RANGES, REST, SLOW

NOW = 1_790_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE

SEEN = st.builds(
    Device,
    name=st.sampled_from(["till-1", "till-2", "gate", "sensor-9", "http-shop"]),
    online=st.booleans(),
    last_seen_at=st.none() | st.integers(0, 200).map(lambda minutes: NOW - minutes * MINUTE),
    added_at=st.just(0),
    revoked_at=st.none() | st.just(NOW - 1),
    conflict_at=st.none() | st.just(NOW - 1),
    state=st.dictionaries(
        st.sampled_from(["battery", "outbox_full", "outbox_waiting", "rssi", "firmware", "heap_free"]),
        st.integers(-100, 100) | st.text(max_size=3),
    ),
    label=st.sampled_from(["", "Till at the door"]),
    group=st.sampled_from(["", "Pier", "Market"]),
)
FLEETS = st.lists(SEEN, max_size=12, unique_by=lambda one: one.name)


@given(
    FLEETS,
    st.sampled_from(list(fleet.FILTERS)),
    st.sampled_from(["", "Pier"]),
    st.sampled_from(["", "TILL", "?"]),
)
def test_a_count_is_what_its_filter_shows(seen: list[Device], show: str, group: str, text: str) -> None:
    known = fleet.rows(seen, NOW)
    for name, _, count in fleet.counts(known, Wanted(show, group, text)):
        assert count == len(fleet.picked(known, Wanted(name, group, text)))


@given(FLEETS, st.sampled_from(list(fleet.SORTS)), st.booleans())
def test_every_order_keeps_every_device(seen: list[Device], sort: str, backwards: bool) -> None:
    known = fleet.rows(seen, NOW)
    found = fleet.ordered(known, ("-" if backwards else "") + sort)
    assert sorted(row.name for row in found) == sorted(row.name for row in known)
    if sort == "state" and not backwards:
        looks = [row.needs_a_look for row in found]
        assert looks == sorted(looks, reverse=True)


@given(FLEETS)
def test_every_device_has_one_state_and_http_sources_are_none(seen: list[Device]) -> None:
    known = fleet.rows(seen, NOW)
    assert not [row for row in known if row.name.startswith("http-")]
    in_one = ("here", "stale", "offline", "new", "revoked")
    for row in known:
        states = [name for name in in_one if fleet.FILTERS[name][1](row)]
        assert states == ([] if row.state == "twice" else [{"off": "offline"}.get(row.state, row.state)])


def test_a_board_is_stale_two_beats_late_and_its_outbox_is_not_known_when_it_is_gone() -> None:
    def board(silent_s: int, online: bool) -> fleet.DeviceRow:
        one = Device("till-1", online, NOW - silent_s * 1000, 0, None, None, {"outbox_waiting": 7})
        return fleet.rows([one], NOW)[0]

    assert (board(75, True).state, board(75, True).waiting) == ("here", 7)
    assert (board(76, True).state, board(76, True).waiting) == ("stale", 7)
    assert (board(1, False).state, board(1, False).waiting) == ("off", None)


def test_what_no_board_can_have_counts_as_not_told() -> None:
    told = {
        "battery": 1e308,
        "rssi": 40,
        "heap_free": -1,
        "outbox_waiting": 9e15,
        "outbox_full": float("nan"),
    }
    seen = Device("till-1", True, NOW, 0, None, None, told, "", "")
    (row,) = fleet.rows([seen], NOW)
    assert [row.battery, row.rssi, row.heap_free, row.waiting, row.full] == [None, None, None, None, 0]


def test_a_gateway_that_never_tells_a_state_is_here_for_ten_minutes_after_a_word() -> None:
    for minutes, state in ((0, "here"), (10, "here"), (11, "off")):
        one = Device("gateway", False, NOW - minutes * MINUTE, 0, None, None)
        assert fleet.state_of(one, NOW) == state


@given(
    st.sets(st.integers(0, 100 * 60)), st.sampled_from(list(RANGES)), st.integers(0, 59), st.integers(0, 120)
)
def test_a_strip_is_what_counting_minutes_gives(silent: set[int], range_: str, past: int, age_h: int) -> None:
    now = NOW // HOUR * HOUR + past * MINUTE
    added = now - age_h * HOUR
    beats = Beats()
    heard = sorted(
        at for at in range(added // MINUTE, now // MINUTE + 1) if (now // MINUTE - at) not in silent
    )
    for minute in heard:
        beats.heard("till-1", minute * MINUTE)
    told = heartbeat.strip(beats, "till-1", added, now, range_)
    each, end = RANGES[range_], now // HOUR + 1
    kinds = []
    for mark in range(24):
        begin_h, end_h = end - (24 - mark) * each, end - (23 - mark) * each
        count = sum(begin_h <= minute // 60 < end_h for minute in heard)
        expected = (min(end_h * HOUR, now) - max(begin_h * HOUR, added)) // MINUTE
        if min(end_h * HOUR, now) < max(begin_h * HOUR, added) or (expected == 0 and count == 0):
            kinds.append(REST)
        elif count + 1 >= expected * 0.95:
            kinds.append(FULL)
        else:
            kinds.append(GAP if count <= expected * 0.05 else SLOW)
    assert _drawn(told.paths) == kinds


def _drawn(paths: dict[str, str]) -> list[str]:
    """The marks as a path with dashes of 4 and gaps of 2 shows them."""
    marks = [""] * 24
    for kind, path in paths.items():
        for run in path.split("M")[1:]:
            start, _, stop = run.replace(" 9H", " ").partition(" ")
            for at in range(int(start), int(stop), 6):
                assert not marks[at // 6]
                marks[at // 6] = kind
    return marks


def test_rows_of_devices_that_are_here_stay_where_they_are() -> None:
    def names(heard: tuple[int, int]) -> list[str]:
        told = {"firmware": "0.1.0"}
        seen = [
            Device(name, True, NOW - ago_s * 1000, 0, None, None, told)
            for name, ago_s in zip(("till-1", "till-2"), heard, strict=True)
        ]
        return [row.name for row in fleet.ordered(fleet.rows(seen, NOW), "state")]

    assert names((20, 1)) == names((1, 20)) == ["till-1", "till-2"]
