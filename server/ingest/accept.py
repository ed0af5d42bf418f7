"""One accepted event: its row of the log, what it adds to the folds, the mails that are due."""

from typing import NamedTuple

import msgspec

from server.ingest.batch import Batch
from server.ingest.decode import Taken
from server.ingest.folds import HOUR_MS, Folds, add_up
from server.rules.evaluate import Evaluator, Occurrence

_pack = msgspec.msgpack.Encoder().encode


class Origin(NamedTuple):
    """Whose events: a device, its number in the log, the epoch, when they were received (ms)."""

    device: str
    number: int
    epoch: int
    received_at: int


class Accept:
    """Adds to a batch, and to nothing else."""

    def __init__(self, folds: Folds, evaluator: Evaluator) -> None:
        self._folds = folds
        self._evaluator = evaluator
        self._plain = evaluator.plain

    def event(self, batch: Batch, event: Taken, origin: Origin, seq: int, at: int) -> None:
        """Add one event. at: best known time. Raises NotWhole, before anything was added."""
        fields, fresh = event.fields, batch.fresh
        self._folds.check(event.kind, fields)
        name = fields.pop("customer", None)
        customer = fresh.id("customer", name) if isinstance(name, str) else None
        kind = fresh.id("kind", event.kind)
        told = event.kind, at, fields
        self._folds.tally(told, (customer, origin.number), fresh, batch.scores)
        add_up(batch.totals, (at // HOUR_MS, kind), fields.get("cents"))
        batch.rows.append(
            (batch.next_id, origin.number, origin.epoch, seq, kind, customer, at, origin.received_at,
             event.at, event.quality, event.boot, event.uptime_ms, _pack(fields))
        )  # fmt: skip
        batch.next_id += 1
        email = fields.get("email")
        if customer is not None and email is not None:
            fresh.tell_email(customer, email)
        rules = self._plain.get(event.kind)
        if rules is None:
            if event.kind not in self._evaluator.asked:
                return
            rules = self._evaluator.accepting(told, (name, origin.device))
        counted = self._folds.counts
        for rule, number in self._evaluator.due(rules, customer or 0, counted, batch.counts):
            occurrence = Occurrence(
                f"{origin.device}/{origin.epoch}/{seq}", event.kind, origin.device, name,
                fresh.email(customer), at, origin.received_at, fields,
            )  # fmt: skip
            batch.matches += self._evaluator.letters(rule, number, occurrence)
