"""One accepted event: its row of the log, what it adds to the folds, the mails that are due."""

from typing import NamedTuple

import msgspec

from server.ingest.batch import Batch, Kind
from server.ingest.decode import Taken
from server.ingest.folds import HOUR_MS, Folds, add_up
from server.rankings.ranking import check_whole
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

    def event(self, batch: Batch, event: Taken, origin: Origin, seq: int, at: int) -> None:
        """Add one event. at: best known time. Raises NotWhole, before anything was added."""
        fields, fresh = event.fields, batch.fresh
        kind = batch.kinds.get(event.kind) or self._kind(batch, event.kind)
        number, plan, rules = kind
        if plan.summed:
            check_whole(plan.summed, fields)
        name = fields.pop("customer", None)
        customer = fresh.id("customer", name) if name is not None else None
        if plan.terms:
            self._folds.tally(plan, (at, fields), (customer, origin.number), fresh, batch.scores)
        add_up(batch.totals, (at // HOUR_MS, number), fields.get("cents"))
        batch.rows.append(
            (batch.next_id, origin.number, origin.epoch, seq, number, customer, at, origin.received_at,
             event.at, event.quality, event.boot, event.uptime_ms, _pack(fields))
        )  # fmt: skip
        batch.next_id += 1
        if customer is not None and (email := fields.get("email")) is not None:
            fresh.tell_email(customer, email)
        if rules is None:
            rules = self._evaluator.accepting((event.kind, at, fields), (name, origin.device))
        if not rules:
            return
        counted = self._folds.counts
        for rule, nth in self._evaluator.due(rules, customer or 0, counted, batch.counts):
            occurrence = Occurrence(
                f"{origin.device}/{origin.epoch}/{seq}", event.kind, origin.device, name,
                fresh.email(customer), at, origin.received_at, fields,
            )  # fmt: skip
            batch.matches += self._evaluator.letters(rule, nth, occurrence)

    def _kind(self, batch: Batch, name: str) -> Kind:
        rules = None if name in self._evaluator.asked else self._evaluator.plain.get(name, [])
        found = batch.kinds[name] = Kind(batch.fresh.id("kind", name), self._folds.plan(name), rules)
        return found
