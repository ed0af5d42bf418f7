"""One accepted event: its row of the log, what it adds to the folds, the mails that are due."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from server.folds.entrances import Entrances, Entry
from server.folds.folds import Folds, skipped_of
from server.folds.names import Fresh
from server.folds.totals import add_up
from server.ingest.batch import Batch, KindPlan
from server.ingest.decode import Taken
from server.rules.evaluate import Entered, Evaluator, Occurrence, Told
from server.rules.rule import Match
from server.store.events import LogRow

NOBODY: Sequence[Entry] = ()  # no key came in
_pack = msgspec.msgpack.Encoder().encode


class Origin(NamedTuple):
    """The source of events.

    device: its name. number: of that name in the log. epoch: of the numbering of its events. received_at:
    when the edge received them, ms since 1970 UTC.
    """

    device: str
    number: int
    epoch: int
    received_at: int


class Accept:
    """Adds accepted events to a batch, and changes nothing else."""

    def __init__(self, folds: Folds, evaluator: Evaluator, entrances: Entrances) -> None:
        self._folds = folds
        self._evaluator = evaluator
        self._entrances = entrances
        self._asked = evaluator.asked | entrances.kinds
        self._step, self._phase = folds.totals.grid

    def event(self, batch: Batch, event: Taken, origin: Origin, seq: int, at: int) -> None:
        """Add one event. at: best known time."""
        fields, fresh = event.fields, batch.fresh
        kind = batch.kinds.get(event.kind) or self._kind(batch, event.kind)
        number, plan, rules = kind
        name = fields.pop("customer", None)
        customer = fresh.id("customer", name) if name is not None else None
        if plan.terms:
            who = customer, origin.number
            for skipped in self._folds.tally(plan, (at, fields), who, fresh, batch.scores):
                batch.counts.add(skipped_of(skipped))
        add_up(batch.totals, ((at + self._phase) // self._step, number), fields.get("cents"))
        batch.rows.append(
            LogRow(batch.next_id, origin.number, origin.epoch, seq, number, customer, at, origin.received_at,
             event.at, event.quality, event.boot, event.uptime_ms, _pack(fields))
        )  # fmt: skip
        batch.next_id += 1
        if customer is not None and (email := fields.get("email")) is not None:
            fresh.tell_email(customer, email)
        entries: Sequence[Entry] = NOBODY
        if rules is None:
            told = event.kind, at, fields
            rules = self._evaluator.accepting(told, (name, origin.device))
            entries = self._entries(batch, told, (customer, origin.number))
        if not rules and not entries:
            return
        due = self._evaluator.due(rules, customer or 0, self._folds.counts, batch.counts)
        if due or entries:
            occurrence = Occurrence(
                f"{origin.device}/{origin.epoch}/{seq}", event.kind, origin.device, name,
                fresh.email(customer), at, origin.received_at, fields,
            )  # fmt: skip
            for rule, nth in due:
                batch.matches += self._evaluator.letters(rule, nth, occurrence)
            for entry in entries:
                batch.matches += self._welcomes(entry, fresh, occurrence)

    def _kind(self, batch: Batch, name: str) -> KindPlan:
        rules = None if name in self._asked else self._evaluator.plain.get(name, [])
        found = batch.kinds[name] = KindPlan(batch.fresh.id("kind", name), self._folds.plan(name), rules)
        return found

    def _entries(self, batch: Batch, told: Told, who: tuple[int | None, int]) -> Sequence[Entry]:
        if told[0] not in self._entrances.kinds:
            return NOBODY
        if batch.entering is None:
            batch.entering = self._entrances.begin(batch.fresh)
        return batch.entering.take(told, who)

    def _welcomes(self, entry: Entry, fresh: Fresh, occurrence: Occurrence) -> list[Match]:
        is_customer = entry.noun == "customer"
        entered = Entered(
            *entry.top, entry.key, entry.rank, entry.score,
            entry.key if is_customer else None, fresh.email(entry.number) if is_customer else None,
        )  # fmt: skip
        rules = self._entrances.rules[entry.top]
        return [match for rule in rules for match in self._evaluator.welcomes(rule, entered, occurrence)]
