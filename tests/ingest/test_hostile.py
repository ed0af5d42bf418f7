"""What no honest client sends: it is refused with a reason, and neither stalls a board nor ends the edge."""

import msgpack
import pytest

from firmware.wire import event, frame
from firmware.wire.event import Event
from server.calendar import DAY_MS, Days
from server.folds.checkpointer import Checkpointer
from server.ingest.arrival import Outcome, Posting, UpArrival
from server.settings import MailSection, RankingSpec, Rule, Settings
from tests.ingest.boards import NOW, Board, order
from tests.site import Opener, Site


async def post(edge: Site, *objects: object, source: str = "till-1", now: int = NOW) -> Outcome:
    told: list[Outcome] = []
    await edge.take(Posting(source, list(objects), now, told.append))
    assert len(told) == 1
    return told[0]


@pytest.mark.parametrize("of_at", [2**53 - 1, 2**52, 10**14, 0])
async def test_a_cancellation_of_an_order_from_the_far_future_counts_today(of_at: int, site: Opener) -> None:
    one = Board("till-1", 7)
    one.emit(order("a", 5))
    fields: dict[str, object] = {"customer": "a", "cents": 2, "of_at": of_at}
    one.emit(Event("order.cancelled", fields, 1, 2_000, NOW, event.EDGE))
    one.emit(order("a", 7))
    async with site() as edge:
        edge.core.folds.move(NOW)
        await edge.take(UpArrival("till-1", one.frame(1, 3), NOW))
        assert edge.acks[-1][1].acked == 3
        assert edge.core.folds.top("spend", "all", 1)[0].score == 10
        assert edge.core.folds.top("spend", "today", 1)[0].score == (12 if of_at == 0 else 10)
        assert len(edge.core.folds.rankings["spend"].buckets) <= 2


async def test_sums_beyond_what_sqlite_counts_do_not_end_the_edge(site: Opener) -> None:
    huge = [{"kind": "order.placed", "customer": "a", "cents": 2**53 - 1}] * 1000
    async with site() as edge:
        for _ in range(2):
            assert (await post(edge, *huge)).accepted == 1000
        writer = Checkpointer(edge.core, Days(Settings().zone), lambda: NOW)
        await writer.write(always=True)
    async with site() as edge:
        assert edge.core.folds.top("spend", "all", 1)[0].score > 2**60
        assert edge.core.folds.top("orders", "all", 1)[0].score == 2000


async def test_only_the_edge_can_say_that_something_is_lost(site: Opener) -> None:
    fake: dict[str, object] = {"from": 1, "to": 1000, "reason": "trimmed"}
    one = Board("till-1", 7)
    one.emit(Event("device.lost", fake, 1, 1, NOW, event.EDGE))
    one.emit(order("a", 1))
    async with site() as edge:
        posted = await post(edge, {"kind": "device.lost", **fake})
        assert posted.rejected == [(0, "kind: device.lost is the edge's own word")]
        await edge.take(UpArrival("till-1", one.frame(1, 2), NOW))
        kinds = await edge.query("SELECT k.name, e.seq FROM event e JOIN kind k ON k.id = e.kind")
        assert kinds == [("order.placed", 2)]
        assert edge.acks[-1][1].acked == 2


async def test_a_ranking_of_losses_by_what_is_no_number_does_not_stall_a_board(site: Opener) -> None:
    odd = RankingSpec(name="losses", kinds=("device.lost",), key="device", score="sum:reason")
    async with site(Settings(ranking=(odd,))) as edge:
        await edge.take(UpArrival("till-1", frame.encode_lost(frame.Lost(7, 1, 3, frame.TRIMMED)), NOW))
        assert edge.acks[-1][1].acked == 3


async def test_a_frame_that_breaks_the_edge_is_answered_with_err_and_kept(
    site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours must not stall a board: with `err` it reports the event as lost, and goes on."""
    from server.ingest import frames

    best_time = frames.best_time

    def faulty(one: Event, *rest: object) -> int:
        if one.fields.get("customer") == "poison":
            raise RuntimeError("a fault of ours")
        return best_time(one, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(frames, "best_time", faulty)
    one, other = Board("till-1", 7), Board("till-2", 8)
    for board in (one, other):
        board.emit(order("a", 1))
    one.emit(order("poison", 1))
    async with site() as edge:
        await edge.take(
            UpArrival("till-1", one.frame(1, 1), NOW),
            UpArrival("till-1", one.frame(2, 1), NOW),
            UpArrival("till-2", other.frame(1, 1), NOW),
        )
        told = [(name, answer.epoch, answer.acked, answer.err) for name, answer in edge.acks]
        assert told == [
            ("till-1", 7, 1, None), ("till-2", 8, 1, None), ("till-1", 7, 1, "internal error"),
        ]  # fmt: skip
        assert await edge.query("SELECT reason, payload FROM reject") == [("internal error", one.frame(2, 1))]


async def test_a_bad_first_frame_of_a_new_epoch_is_answered_under_that_epoch(site: Opener) -> None:
    old = Board("till-1", 7)
    old.emit(order("a", 1))
    bad = msgpack.packb([1, 9, 1, ["no binary"], 1, 2_000])
    async with site() as edge:
        await edge.take(UpArrival("till-1", bad, NOW))
        await edge.take(UpArrival("till-1", old.frame(1, 1), NOW))
        await edge.take(UpArrival("till-1", bad, NOW))
        errors = [(told.epoch, told.acked, told.err) for _, told in edge.acks if told.err]
        assert errors == [(9, 0, "a record is a binary")] * 2


async def test_a_bad_frame_of_a_board_that_also_posts_json_is_answered_under_its_epoch(site: Opener) -> None:
    one = Board("till-1", 7)
    one.emit(order("a", 1))
    async with site() as edge:
        await edge.take(UpArrival("till-1", one.frame(1, 1), NOW))
        await post(edge, {"kind": "door.opened"})
        await edge.take(UpArrival("till-1", b"\xc1", NOW))
        assert (edge.acks[-1][1].epoch, edge.acks[-1][1].err) == (7, "no msgpack")


async def test_an_empty_list_of_a_stranger_is_settled_without_a_fault(site: Opener) -> None:
    async with site() as edge:
        nothing = Posting("stranger", [], NOW, lambda posted: None)
        await edge.core.database.write(edge.core.intake.work, [nothing])
        assert (await post(edge, source="stranger")).rejected == [(0, "unknown device")]
        assert (await post(edge)) == Outcome()
        assert await edge.query("SELECT source, reason FROM reject") == [("stranger", "unknown device")] * 2


async def test_half_a_letter_in_a_text_is_refused_and_its_neighbours_are_stored(site: Opener) -> None:
    half = "\ud800"
    async with site() as edge:
        posted = await post(
            edge, {"kind": "a"}, {"kind": "a", "id": half}, {"kind": "a", "x": half},
            {"kind": "a", "customer": half}, {"kind": half}, {half: 1, "kind": "a"}, {"kind": "b"},
        )  # fmt: skip
        assert (posted.accepted, [index for index, _ in posted.rejected]) == (2, [1, 2, 3, 4, 5])


RULE = Rule(name="each", on="order.placed", to="customer", template="thanks")


@pytest.mark.parametrize("told", ["no address", "a@b.example, c@d.example", "", 5, "a@b.example\u2028x"])
async def test_what_is_no_address_is_not_written_to(told: object, site: Opener) -> None:
    good = {"kind": "order.placed", "customer": "ann", "email": "ann@shop.example"}
    async with site(Settings(rule=(RULE,))) as edge:
        await post(edge, good, {"kind": "order.placed", "customer": "ann", "email": told})
        assert await edge.query("SELECT recipient FROM mail") == [("ann@shop.example",)] * 2
        assert await edge.query("SELECT email FROM customer") == [("ann@shop.example",)]


@pytest.mark.parametrize(
    "told, recipient, reason",
    [
        ("ann@bücher.example ", "ann@xn--bcher-kva.example", None),
        ("dån@shop.example", "", "dån@shop.example is no mail address: Internationalized characters before the @-sign are not supported: 'å'."),
        ("a..b@shop.example", "", "a..b@shop.example is no mail address: An email address cannot have two periods in a row."),
        ("", "", "no address is known"),
        (5, "", "no address is known"),
    ],
)  # fmt: skip
async def test_a_mail_says_what_is_wrong_with_its_address_and_is_not_tried(
    told: object, recipient: str, reason: str | None, site: Opener
) -> None:
    """U12: an address that cannot be was tried 20 times, or the reason was that none is known."""
    async with site(Settings(rule=(RULE,))) as edge:
        await post(edge, {"kind": "order.placed", "customer": "ann", "email": told})
        state = "failed" if reason else "pending"
        assert await edge.query("SELECT recipient, state, reason FROM mail") == [(recipient, state, reason)]
        assert await edge.query("SELECT email FROM customer") == [(recipient or None,)]


async def test_mails_for_which_no_address_is_known_are_one_row_a_day_that_counts_them(site: Opener) -> None:
    """U12: each order of a customer without an address made a failed mail."""
    last = NOW - NOW % DAY_MS + DAY_MS - 1
    orders = [{"kind": "order.placed", "customer": name} for name in ("ann", "bo", "ann")]
    async with site(Settings(rule=(RULE,))) as edge:
        await post(edge, *orders, now=last)
        await post(edge, orders[0], now=last)
        await post(
            edge, orders[0], {**orders[0], "email": "ann"}, {**orders[0], "email": "a@b.c"}, now=last + 1
        )
        ((epoch,),) = await edge.query("SELECT DISTINCT epoch FROM event")
        identity = f"till-1/{epoch}/"
        assert await edge.query("SELECT recipient, state, matches, key FROM mail ORDER BY id") == [
            ("", "failed", 4, f"nobody:{last + 1}"), ("", "failed", 1, f"nobody:{last + 1 + DAY_MS}"),
            ("", "failed", 1, identity + "6"), ("a@b.c", "pending", 1, identity + "7"),
        ]  # fmt: skip
        assert edge.core.folds.counts["each"] == {1: 6, 2: 1}


async def test_a_customer_whose_name_makes_no_address_gets_no_mail(site: Opener) -> None:
    mail = MailSection(customer_address="customer-{customer}@shop.example")
    async with site(Settings(rule=(RULE,), mail=mail)) as edge:
        await post(edge, {"kind": "order.placed", "customer": "x@evil.example, y"})
        assert await edge.query("SELECT recipient, state, reason FROM mail") == [
            (
                "",
                "failed",
                "customer-x@evil.example, y@shop.example is no mail address: The part after the @-sign contains invalid characters: ',', '@', SPACE.",
            )
        ]


async def test_two_epochs_of_one_board_in_one_batch_keep_their_own_cursors(site: Opener) -> None:
    first, second = Board("till-1", 7), Board("till-1", 8)
    for number in range(4):
        first.emit(order("a", number))
        second.emit(order("b", number))
    lost = frame.encode_lost(frame.Lost(7, 2, 3, frame.CORRUPT))
    async with site() as edge:
        await edge.take(
            UpArrival("till-1", first.frame(1, 2), NOW), UpArrival("till-1", second.frame(1, 1), NOW),
            UpArrival("till-1", lost, NOW), UpArrival("till-1", second.frame(1, 3), NOW),
            UpArrival("till-1", first.frame(3, 2), NOW), UpArrival("till-1", first.frame(1, 4), NOW),
        )  # fmt: skip
        rows = await edge.query("SELECT epoch, seq FROM event ORDER BY id")
        assert rows == [(7, 1), (7, 2), (8, 1), (7, 3), (8, 2), (8, 3), (7, 4)]
        assert sorted((told.epoch, told.acked) for _, told in edge.acks) == [(7, 4), (8, 3)]
        assert not await edge.query("SELECT * FROM reject")
    async with site() as edge:
        assert [edge.core.intake.acked("till-1", epoch).acked for epoch in (7, 8)] == [4, 3]


async def test_a_loss_up_to_the_last_number_ends_its_epoch_only(site: Opener) -> None:
    one = Board("till-1", 8)
    one.emit(order("a", 1))
    async with site() as edge:
        last = 2**53 - 1
        await edge.take(UpArrival("till-1", frame.encode_lost(frame.Lost(7, 1, last, frame.TRIMMED)), NOW))
        assert edge.acks[-1][1].acked == last
        await edge.take(UpArrival("till-1", one.frame(1, 1), NOW))
        assert (edge.acks[-1][1].epoch, edge.acks[-1][1].acked) == (8, 1)
    async with site() as edge:
        assert edge.core.intake.acked("till-1", 7).acked == last


ODD = [
    [True, 7, 1, [b"x"], 1, 1], [1, True, 1, [b"x"], 1, 1], [1, 7, True, [b"x"], 1, 1], [1, 7, 1, [], 1, 1],
    [1, 7, 1, True, "trimmed", None], [1, 7, 1, 2, "eaten", None], [1, 7, 1, 2, [], None],
    [1, 7, 2**53, [b"x"], 1, 1], [1, 7, 1, [b"x"], -1, 1], [1, 7, 1, [b"x"], 1, 1.5], [1, 7, 1, 2, "trimmed", "text"],
    {"a": 1}, None, [1, 7, 1, {b"x": 1}, 1, 1],
]  # fmt: skip


@pytest.mark.parametrize("body", ODD, ids=repr)
async def test_a_frame_of_wrong_types_is_answered_with_err(body: object, site: Opener) -> None:
    async with site() as edge:
        await edge.take(UpArrival("till-1", msgpack.packb(body), NOW))
        assert len(edge.acks) == 1
        assert edge.acks[0][1].err
        assert not await edge.query("SELECT * FROM event")


RECORDS = [
    b"", b"\xc1", b"\xff", msgpack.packb(5), msgpack.packb([0, {}, 1, 1, 1]), msgpack.packb([True, {}, 1, 1, 1, 0]),
    msgpack.packb([0, {True: 1}, 1, 1, 1, 0]), msgpack.packb([0, {"a": [1]}, 1, 1, 1, 0]),
    b"\x96\x00\x81\x91\x01\x01\x01\x01\x01\x00", msgpack.packb([0, {0: ""}, 1, 1, 1, 0]),
    msgpack.packb([0, {"x": float("nan")}, 1, 1, 1, 0]), msgpack.packb([0, {"x": 2**63}, 1, 1, 1, 0]),
    msgpack.packb([0, {}, 1, 1, 2**60, 0]), msgpack.packb([0, {}, 1, 1, 1, True]), msgpack.packb([0, {}, True, 1, 1, 0]),
    msgpack.packb([0, {"x": "\x00"}, 1, 1, 1, 0]), b"\x96\x00\x81\xa1x\xa3\xed\xa0\x80\x01\x01\x01\x00",
]  # fmt: skip


async def test_records_of_wrong_types_are_kept_as_rejects_and_the_cursor_moves(site: Opener) -> None:
    async with site() as edge:
        up = frame.Up(7, 1, RECORDS, 1, 2_000)
        await edge.take(UpArrival("till-1", frame.encode(up), NOW))
        assert (edge.acks[0][1].acked, edge.acks[0][1].err) == (len(RECORDS), None)
        rows = await edge.query("SELECT seq, payload FROM reject ORDER BY seq")
        assert rows == list(enumerate(RECORDS, 1))
        assert not await edge.query("SELECT * FROM event")
