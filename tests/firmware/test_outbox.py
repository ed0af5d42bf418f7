"""The outbox at its limits; histories are in test_outbox_histories."""

from firmware import segment
from firmware.outbox import CURSOR, Outbox
from tests.firmware.fake_board import FakeBoard

SMALL = 4 * segment.LIMIT
RECORD = b"x" * 400


def fill(box: Outbox, volatile: bool = False) -> int:
    count = 0
    while box.add(RECORD, True, volatile):
        count += 1
    return count


def test_an_event_is_durable_only_after_its_flush_returned() -> None:
    board = FakeBoard()
    box = Outbox(board, SMALL)
    assert [box.add(b"event %d" % n) for n in range(7)] == [1, 2, 3, 4, 5, 6, 7]
    assert (box.durable, box.read(1, 2000, 100)) == (0, [])
    assert box.add(b"event 7") == 8
    assert (box.durable, box.read(1, 2000, 100)) == (8, [b"event %d" % n for n in range(8)])
    assert board.flash.log == ["sync"]


def test_a_critical_event_is_flushed_at_once_and_others_within_two_seconds() -> None:
    board = FakeBoard()
    box = Outbox(board, SMALL)
    box.add(b"critical", critical=True)
    assert box.durable == 1
    box.add(b"ordinary")
    for board.now_ms in range(0, 2001, 250):
        box.tick()
    assert box.durable == 2


def test_after_a_few_quick_flushes_a_steady_stream_is_flushed_by_eights() -> None:
    board = FakeBoard()
    box, at = Outbox(board, SMALL), []
    box.flushed = lambda: at.append(board.now_ms)
    waits = []
    for second in range(120):
        since = second * 1000
        box.add(b"reading")
        for board.now_ms in range(since, since + 1000, 250):
            box.tick()
            box.ack(box.durable)
        waits.append(box.last - box.durable)
    assert len(at) <= 4 + 120 / 8 and at[0] <= 2000
    assert max(waits) < 8
    for board.now_ms in range(120_000, 180_000, 250):  # a calm
        box.tick()
    box.add(b"button")
    for board.now_ms in range(180_000, 182_001, 250):
        box.tick()
    assert box.durable == box.last


def test_whoever_listens_hears_of_each_flush_once() -> None:
    heard = []
    box = Outbox(FakeBoard(), SMALL)
    box.flushed = lambda: heard.append(box.durable)
    for number in range(16):
        box.add(b"%d" % number)
    box.flush()
    assert heard == [8, 16]


def test_over_three_quarters_volatile_events_are_refused_and_at_the_end_all() -> None:
    box = Outbox(FakeBoard(), SMALL)
    few = fill(box, volatile=True)
    assert 75 <= box.full_percent() < 90
    more = fill(box)
    assert few + more == 4 * (segment.LIMIT // (segment.HEAD + len(RECORD)))
    assert (box.refused, box.is_refusing) == (2, True)
    box.ack(box.durable)
    assert box.add(RECORD, volatile=True) == few + more + 1
    assert not box.is_refusing


def test_acked_events_stay_readable_until_their_room_is_needed() -> None:
    box = Outbox(FakeBoard(), SMALL)
    count = fill(box)
    box.ack(count)
    box.rewind(1)
    assert box.read(1, 10_000, 100)[0] == RECORD
    box.ack(count)
    fill(box)
    box.ack(box.durable)
    box.rewind(1)
    assert box.first_held > 1
    assert box.lost_at(1) == (1, box.first_held - 1, "trimmed")


def test_a_new_life_goes_on_where_the_old_one_ended() -> None:
    board = FakeBoard()
    old = Outbox(board, SMALL)
    for number in range(10):
        old.add(b"event %d" % number, critical=True)
    old.ack(4)
    old.close()
    new = Outbox(board, SMALL)
    assert (new.epoch, new.acked, new.last) == (old.epoch, 4, 10)
    assert new.read(5, 2000, 100) == [b"event %d" % n for n in range(4, 10)]
    assert new.add(b"next") == 11


def test_a_damaged_cursor_file_loses_neither_epoch_nor_events() -> None:
    board = FakeBoard()
    old = Outbox(board, SMALL)
    old.add(b"event", critical=True)
    board.flash.flip(CURSOR, 0, 255)
    new = Outbox(board, SMALL)
    assert (new.epoch, new.acked, new.read(1, 2000, 9)) == (old.epoch, 0, [b"event"])


def test_damage_within_a_segment_is_one_lost_run_up_to_its_end() -> None:
    board = FakeBoard()
    box = Outbox(board, SMALL)
    count = fill(box)
    per_segment = count // 4
    path = min(path for path in board.flash.content if "-" in path)
    board.flash.flip(path, 2 * (segment.HEAD + len(RECORD)) + 20, 1)
    box = Outbox(board, SMALL)
    assert len(box.read(1, 10_000, 100)) == 2
    assert box.read(3, 10_000, 100) == []
    assert box.lost_at(3) == (3, per_segment, "corrupt")
    assert box.read(per_segment + 1, 10_000, 100) == [RECORD] * per_segment


def paths(board: FakeBoard) -> list[str]:
    """Of the segments."""
    return sorted(path for path in board.flash.content if "-" in path)


def test_behind_damage_in_the_last_segment_new_events_stay_readable() -> None:
    board = FakeBoard()
    box = Outbox(board, SMALL)
    while len(paths(board)) < 2:
        box.add(RECORD, critical=True)
    last = box.add(RECORD, critical=True)
    assert box.read(1, 10_000, 1) == [RECORD]  # so that the last segment is on flash only
    board.flash.flip(paths(board)[-1], 30, 1)
    assert box.read(last - 1, 10_000, 100) == []
    assert box.lost_at(last - 1) == (last - 1, last, "corrupt")
    assert box.add(b"new", critical=True) == last + 1
    assert box.read(last + 1, 10_000, 100) == [b"new"]


def test_while_a_board_is_online_nothing_is_read_from_flash() -> None:
    board = FakeBoard()
    box = Outbox(board, SMALL)
    opened, whole = set(), board.flash.open

    def seen(path: str, mode: str) -> object:
        opened.add(mode)
        return whole(path, mode)

    board.flash.open = seen
    for number in range(1, 301):
        record = b"%d " % number + RECORD
        box.add(record, critical=True)
        assert box.read(number, 2008, 1000) == [record]
        box.ack(number)
    assert opened == {"wb"}
    box.rewind(300)
    assert box.read(300, 2008, 1000) == [b"300 " + RECORD]


def test_without_memory_for_a_file_events_wait_and_are_readable_later() -> None:
    board = FakeBoard()
    box = Outbox(board, SMALL)
    while len(paths(board)) < 2:
        box.add(RECORD, critical=True)
    whole, files = board.flash.open, []

    def short(path: str, mode: str) -> object:  # room for one file at a time
        if any(not file.closed for file in files):
            raise MemoryError
        files.append(whole(path, mode))
        return files[-1]

    box.segments.close()
    board.flash.open = short
    last = box.add(RECORD, critical=True)
    assert box.durable == last
    assert box.read(last, 2008, 1) == box.read(1, 2008, 1) == [RECORD]
    assert box.add(RECORD, critical=True) == box.durable == last + 1

    def none(path: str, mode: str) -> object:
        raise MemoryError

    board.flash.open = none
    box.segments.abandon()
    assert box.add(RECORD, critical=True) == last + 2
    assert box.durable == last + 1
    board.flash.open = whole
    assert box.flush()
    assert box.read(last + 2, 2008, 1) == [RECORD]


def test_numbers_that_damage_at_the_end_has_swallowed_are_never_given_again() -> None:
    board = FakeBoard()
    box = Outbox(board, SMALL)
    for _ in range(5):
        box.add(RECORD, critical=True)
    board.flash.flip(paths(board)[0], 30, 1)
    assert Outbox(board, SMALL).add(b"new") > 5


def test_a_flash_that_does_not_write_costs_what_it_cannot_hold_and_no_more() -> None:
    board = FakeBoard()
    box = Outbox(board, SMALL)
    board.flash.writes_left = 0
    assert [box.add(b"event %d" % n) for n in range(10)] == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0]
    assert (box.durable, box.refused) == (0, 2)
    board.flash.writes_left = None
    assert box.add(b"late") == 9
    assert box.flush()
    assert box.read(1, 2000, 100) == [b"event %d" % n for n in range(8)] + [b"late"]


def test_acks_that_cannot_be_are_ignored() -> None:
    box = Outbox(FakeBoard(), SMALL)
    for _ in range(3):
        box.add(b"event", critical=True)
    box.ack(9)
    assert box.acked == 0
    box.ack(2)
    box.ack(1)
    assert box.acked == 2
    box.rewind(9)
    assert box.acked == 2


def test_an_event_too_large_for_a_frame_is_refused() -> None:
    box = Outbox(FakeBoard(), SMALL)
    assert box.add(b"x" * (segment.MOST + 1)) == 0
    assert box.add(b"x" * segment.MOST, critical=True) == 1
    assert len(box.read(1, 2008, 100)) == 1
