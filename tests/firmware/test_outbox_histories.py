"""Any history of adds, flushes, acks, rewinds, power cuts and damage, against a tiny model."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from firmware import segment
from firmware.outbox import Outbox
from tests.firmware.crash_flash import CrashFlash
from tests.firmware.fake_board import FakeBoard

BUDGET = 5 * segment.LIMIT


class OutboxHistories(RuleBasedStateMachine):
    """given: every record that got a number. safe: the highest number that was ever durable.
    torn: numbers that a power cut caught before they were. damaged: flash lost bits, so holes are
    allowed anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.flash = CrashFlash()
        self.board = FakeBoard(self.flash)
        self.box = Outbox(self.board, BUDGET)
        self.epoch = self.box.epoch
        self.given: dict[int, bytes] = {}
        self.safe = 0
        self.torn: set[int] = set()
        self.hurt: set[tuple[str, int]] = set()
        self.damaged = self.rewound = False
        self.count = 0

    @rule(size=st.integers(7, 700), critical=st.booleans(), volatile=st.booleans())
    def add(self, size: int, critical: bool, volatile: bool) -> None:
        self.count += 1
        record = (b"%d " % self.count).ljust(size, b"x")
        before = self.box.last
        seq = self.box.add(record, critical, volatile)
        if seq:
            assert seq == before + 1 and seq > self.safe
            self.given[seq] = record
            if critical and self.flash.writes_left is None:
                assert self.box.durable == seq
        else:
            assert self.box.last == before
            nearly_full = self.box.full_percent() > 60
            assert nearly_full or self.flash.writes_left is not None
        self._note()

    @rule(count=st.integers(5, 20))
    def busy_time(self, count: int) -> None:
        """Many large events, all acked: segments fill and are trimmed."""
        for _ in range(count):
            self.add(690, True, False)
            self.box.ack(self.box.durable)

    @rule()
    def flush(self) -> None:
        if self.box.flush():
            assert self.box.durable == self.box.last
        self._note()

    @rule(part=st.floats(0, 1))
    def ack(self, part: float) -> None:
        box = self.box
        box.ack(box.acked + int((box.durable - box.acked) * part))
        self._note()

    @rule(back=st.integers(1, 40))
    def rewind(self, back: int) -> None:
        self.box.rewind(self.box.acked + 1 - back)
        self.rewound = True
        self._note()

    @rule(ms=st.sampled_from([100, 2_000, 11_000]))
    def time_passes(self, ms: int) -> None:
        self.board.now_ms += ms
        self.box.tick()
        self._note()

    @rule(kept=st.floats(0, 1))
    def power_cut(self, kept: float) -> None:
        held = self.box.first_held
        before = self.box.durable
        self.flash.power_cut(kept)
        self.flash.writes_left = None
        self.box = Outbox(self.board, BUDGET)
        if self.damaged and not before:
            self.epoch = self.box.epoch  # nothing on flash could tell the old one
        assert self.box.epoch == self.epoch
        assert self.box.durable == self.box.last >= before
        assert self.box.acked + 1 >= self.box.first_held or self.damaged or self.rewound
        self.torn |= set(range(before + 1, self.box.last + 1))
        assert self.box.first_held <= held or self.damaged
        self._note()

    @rule(left=st.integers(0, 4))
    def flash_fails(self, left: int) -> None:
        self.flash.writes_left = left

    @rule()
    def flash_works_again(self) -> None:
        self.flash.writes_left = None

    @precondition(lambda self: any(self.flash.content.values()))
    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        paths = sorted(path for path, content in self.flash.content.items() if content)
        path = data.draw(st.sampled_from(paths))
        at = data.draw(st.integers(0, len(self.flash.content[path]) - 1))
        if (path, at) not in self.hurt:  # a second flip could heal it, and numbers would go back
            self.flash.flip(path, at, data.draw(st.integers(1, 255)))
            self.hurt.add((path, at))
        self.damaged = True

    def _note(self) -> None:
        self.safe = max(self.safe, self.box.durable)

    @invariant()
    def what_is_durable_and_not_acked_is_held_or_told_as_lost(self) -> None:
        box = self.box
        seq = box.acked + 1
        while seq <= box.durable:
            records = box.read(seq, 2008, 1000)
            lost = box.lost_at(seq) if not records else None
            assert records or lost, f"{seq} is neither held nor lost"
            for number, record in enumerate(records, seq):
                assert self.given[number] == record
            if lost:
                self._may_be_lost(*lost)
            seq = lost[1] + 1 if lost else seq + len(records)

    def _may_be_lost(self, first: int, last: int, reason: str) -> None:
        assert last <= self.box.durable
        if reason == "trimmed":
            assert first < self.box.first_held
        elif not self.damaged:
            assert self.torn.issuperset(range(first, last + 1)), "a durable event is gone"

    @invariant()
    def flash_use_stays_within_the_budget(self) -> None:
        segments = [path for path in self.flash.content if "-" in path]
        # a write that fails leaves its segment short, and what waits in RAM may need two more
        assert len(segments) <= BUDGET // segment.LIMIT + 2
        assert all(len(self.flash.content[path]) <= segment.LIMIT for path in segments)


OutboxHistories.TestCase.settings = settings(max_examples=400, stateful_step_count=60)
TestOutboxHistories = OutboxHistories.TestCase
