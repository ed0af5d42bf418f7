"""Only the gapless continuation of a cursor is committed."""

import msgpack

from firmware.wire import event, frame
from server.ingest.arrival import UpArrival
from tests.ingest.boards import NOW, Board, order
from tests.site import Opener

SEQS = "SELECT device, seq FROM event ORDER BY id"


def board(events: int = 6) -> Board:
    one = Board("till-1", 7)
    for number in range(events):
        one.emit(order(f"c{number}", number))
    return one


async def test_a_frame_is_stored_and_acked_up_to_its_last_event(site: Opener) -> None:
    one = board()
    async with site() as edge:
        await edge.take(UpArrival("till-1", one.frame(1, 3), NOW))
        assert await edge.query(SEQS) == [(1, 1), (1, 2), (1, 3)]
        assert [(name, told.epoch, told.acked, told.want) for name, told in edge.acks] == [
            ("till-1", 7, 3, None)
        ]


async def test_a_repeated_frame_stores_nothing_and_is_acked_again(site: Opener) -> None:
    one = board()
    async with site() as edge:
        await edge.take(UpArrival("till-1", one.frame(1, 3), NOW))
        await edge.take(UpArrival("till-1", one.frame(1, 3), NOW))
        assert len(await edge.query(SEQS)) == 3
        assert [told.acked for _, told in edge.acks] == [3, 3]


async def test_a_frame_cut_otherwise_on_a_resend_adds_only_what_is_new(site: Opener) -> None:
    one = board()
    async with site() as edge:
        await edge.take(UpArrival("till-1", one.frame(1, 3), NOW))
        await edge.take(UpArrival("till-1", one.frame(2, 4), NOW))
        assert [seq for _, seq in await edge.query(SEQS)] == [1, 2, 3, 4, 5]
        assert not await edge.query("SELECT * FROM reject")


async def test_a_gap_stores_nothing_and_is_answered_with_want(site: Opener) -> None:
    one = board()
    async with site() as edge:
        await edge.take(UpArrival("till-1", one.frame(1, 2), NOW), UpArrival("till-1", one.frame(4, 2), NOW))
        assert [seq for _, seq in await edge.query(SEQS)] == [1, 2]
        assert [(told.acked, told.want) for _, told in edge.acks] == [(2, 3)]


async def test_another_event_under_a_committed_number_is_quarantined(site: Opener) -> None:
    one, clone = board(), board(2)
    clone.emit(order("somebody else", 1))
    async with site() as edge:
        await edge.take(UpArrival("till-1", one.frame(1, 4), NOW))
        await edge.take(UpArrival("till-1", clone.frame(1, 3), NOW))
        assert len(await edge.query(SEQS)) == 4
        assert await edge.query("SELECT seq, reason, payload FROM reject") == [
            (3, "conflict", clone.emitted[2])
        ]
        assert (await edge.query("SELECT conflict_at FROM device WHERE name = 'till-1'")) == [(NOW,)]


async def test_a_bad_event_in_a_good_frame_is_rejected_and_its_neighbours_are_stored(site: Opener) -> None:
    one = board(2)
    one.emitted.insert(1, msgpack.packb(["Bad Kind", {}, 1, 1, 1, 0]))
    async with site() as edge:
        await edge.take(UpArrival("till-1", one.frame(1, 3), NOW))
        assert [seq for _, seq in await edge.query(SEQS)] == [1, 3]
        assert await edge.query("SELECT epoch, seq, payload FROM reject") == [(7, 2, one.emitted[1])]
        assert [told.acked for _, told in edge.acks] == [3]


async def test_a_sum_that_is_not_whole_is_stored_and_not_counted(site: Opener) -> None:
    """U7: a ranking is a view, and does not decide what the log keeps."""
    one = Board("till-1", 7)
    one.emit(event.Event("order.placed", {"customer": "a", "cents": 1.5}, 1, 1, NOW, event.EDGE))
    async with site() as edge:
        await edge.take(UpArrival("till-1", one.frame(1, 1), NOW))
        assert await edge.query(SEQS) == [(1, 1)]
        assert await edge.query("SELECT reason FROM reject") == []
        assert (edge.core.folds.top("spend", "all", 9), edge.core.folds.skipped("spend")) == ([], 1)


async def test_a_bad_frame_is_answered_with_err_and_stores_nothing(site: Opener) -> None:
    one = board()
    async with site() as edge:
        await edge.take(UpArrival("till-1", one.frame(1, 2), NOW))
        await edge.take(UpArrival("till-1", b"\xc1 no msgpack", NOW))
        assert [(told.epoch, told.acked, told.err) for _, told in edge.acks] == [
            (7, 2, None), (7, 2, "no msgpack"),
        ]  # fmt: skip


async def test_a_frame_that_is_too_large_is_refused(site: Opener) -> None:
    async with site() as edge:
        await edge.take(UpArrival("till-1", bytes(frame.MAX_TAKEN + 1), NOW))
        assert [told.err for _, told in edge.acks] == ["a frame is at most 4,096 bytes"]


async def test_a_loss_is_a_row_that_moves_the_cursor(site: Opener) -> None:
    one = board()
    async with site() as edge:
        lost = frame.encode_lost(frame.Lost(7, 1, 3, frame.TRIMMED))
        await edge.take(UpArrival("till-1", lost, NOW), UpArrival("till-1", one.frame(4, 1), NOW))
        assert await edge.query(
            "SELECT k.name, seq, hex(fields) FROM event e JOIN kind k ON k.id = e.kind ORDER BY e.id"
        ) == [
            ("device.lost", 1, msgpack.packb({"from": 1, "to": 3, "reason": "trimmed"}).hex().upper()),
            ("order.placed", 4, msgpack.packb({"cents": 3, "quantity": 1}).hex().upper()),
        ]
        assert edge.acks[-1][1].acked == 4


async def test_times_never_fall_within_a_boot_though_some_events_are_lost_between(site: Opener) -> None:
    one = Board("till-1", 7)
    for number in range(3):
        one.emit(order("ada", number, NOW - 900 + number))
    async with site() as edge:
        lost = frame.encode_lost(frame.Lost(7, 2, 2, frame.CORRUPT))
        await edge.take(
            *(UpArrival("till-1", told, NOW) for told in (one.frame(1, 1), lost, one.frame(3, 1)))
        )
        rows = await edge.query(f"SELECT at - {NOW}, received_at - {NOW} FROM event ORDER BY id")
        assert rows == [(-900, 0), (-900, 0), (-898, 0)]


async def test_an_unknown_device_gets_no_ack_and_stores_nothing(site: Opener) -> None:
    async with site() as edge:
        await edge.take(UpArrival("stranger", board().frame(1, 1), NOW))
        assert not edge.acks
        assert not await edge.query(SEQS)


async def test_a_new_epoch_begins_at_one(site: Opener) -> None:
    first, second = board(), Board("till-1", 8, board().emitted)
    async with site() as edge:
        await edge.take(
            UpArrival("till-1", first.frame(1, 3), NOW), UpArrival("till-1", second.frame(1, 2), NOW)
        )
        assert len(await edge.query(SEQS)) == 5
        assert sorted((told.epoch, told.acked) for _, told in edge.acks) == [(7, 3), (8, 2)]


async def test_a_board_that_comes_online_is_told_where_the_edge_is(site: Opener) -> None:
    async with site() as edge:
        await edge.take(UpArrival("till-1", board().frame(1, 3), NOW))
        answers = [edge.core.intake.acked("till-1", epoch) for epoch in (7, 9)]
        assert [(one.acked, one.want) for one in answers] == [(3, 4), (0, 1)]
