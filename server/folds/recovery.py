"""The recovery at a start: the folds from the checkpoint and the log behind it, exactly as they were."""

import json
from collections.abc import Iterable

import msgspec

from server.folds.folds import Folds, Scores, skipped_of
from server.folds.names import Fresh, Names
from server.folds.totals import Totals, add_up
from server.rules.evaluate import Counts, Evaluator
from server.settings import RankingSpec, Rule, Settings
from server.store import checkpoints, events
from server.store.connection import Connection
from server.store.events import Stored

TOTALS = "totals:hours"  # counted anew when hours of the site begin at other minutes


class Replay:
    """Brings folds up to the end of the log, inside one transaction."""

    def __init__(self, connection: Connection, names: Names, folds: Folds) -> None:
        self._connection = connection
        self._names = names
        self._folds = folds
        self._fresh = Fresh(names, connection, 0)
        self._begun = False
        self._recounts = False

    def run(self, settings: Settings, evaluator: Evaluator) -> None:
        """Restore the checkpoint, begin what is new in the settings, and replay the tail."""
        through = checkpoints.through(self._connection)
        since = self._adopt(settings, through)
        for rule, customer, count in checkpoints.counts(self._connection):
            self._folds.counts[rule][customer] = count
        for hour, kind, number, cents in checkpoints.totals(self._connection):
            self._folds.totals.restore((hour, kind), (number, cents))
        self._folds.through = through
        scores, totals, counts = Scores(), Totals(), Counts()
        for event in events.walk(self._connection, through):
            self._tally(event, scores, counts)
            self._total(event, totals)
            self._count(event, evaluator, since, counts)
            through = event.id
        self._fresh.adopt()
        self._folds.adopt(scores, totals, counts, through)
        if self._begun:  # the next start must find the scores of what it knows as begun
            checkpoints.save(self._connection, self._folds.delta()[0])

    def _adopt(self, settings: Settings, through: int) -> dict[str, int]:
        known = checkpoints.known(self._connection)
        wanted = dict(_specs(settings)) | {TOTALS: json.dumps(self._folds.totals.grid)}
        checkpoints.forget(self._connection, [name for name in known if name not in wanted])
        end, kept_since = events.newest_id(self._connection), events.kept_since(self._connection)
        new: list[str] = []
        for name, spec in wanted.items():
            if known.get(name, ("", 0))[0] == spec:
                continue
            self._begun = True
            noun, _, plain = name.partition(":")
            first, kept_at = (end, None) if noun == "rule" else (0, kept_since)
            checkpoints.adopt(self._connection, name, spec, first, kept_at)
            if noun == "ranking":
                new.append(plain)
            self._recounts |= name == TOTALS
        self._restore(settings.ranking, new, through)
        self._folds.begun = checkpoints.begun(self._connection)
        return {name: since for name, (_, since) in checkpoints.known(self._connection).items()}

    def _restore(self, rankings: Iterable[RankingSpec], new: list[str], through: int) -> None:
        for spec in rankings:
            if spec.name not in new:
                ranking = self._folds.rankings[spec.name]
                for bucket, key, score in checkpoints.scores(self._connection, spec.name):
                    ranking.restore(bucket, key, score)
        if new or self._recounts:  # a ranking that was added later begins with the log that is kept
            scores, totals, counts = Scores(), Totals(), Counts()
            for event in events.walk(self._connection, 0):
                if event.id > through:
                    break
                self._tally(event, scores, counts)
                if self._recounts:
                    self._total(event, totals)
            self._fresh.adopt()
            for of_day in scores.values():
                for name in of_day.keys() - new:
                    del of_day[name]
            for name in counts.keys() - {skipped_of(one) for one in new}:
                del counts[name]
            self._folds.adopt(scores, totals, counts, through)

    def _tally(self, event: Stored, scores: Scores, counts: Counts) -> None:
        ids = self._names.ids
        customer = ids["customer"][event.customer] if event.customer is not None else None
        who = customer, ids["device"][event.device]
        plan = self._folds.plan(event.kind)
        if plan.terms:
            for name in self._folds.tally(plan, (event.at, event.fields), who, self._fresh, scores):
                counts.add(skipped_of(name))

    def _total(self, event: Stored, totals: Totals) -> None:
        hour = self._folds.totals.grid.number(event.at)
        add_up(totals, (hour, self._names.ids["kind"][event.kind]), event.fields.get("cents"))

    def _count(self, event: Stored, evaluator: Evaluator, since: dict[str, int], counts: Counts) -> None:
        customer = self._names.ids["customer"].get(event.customer or "", 0)
        rules = evaluator.accepting((event.kind, event.at, event.fields), (event.customer, event.device))
        begun = [rule for rule in rules if event.id > since[f"rule:{rule.name}"]]
        evaluator.count(begun, customer, counts)


def _specs(settings: Settings) -> Iterable[tuple[str, str]]:
    for ranking in settings.ranking:
        parts = msgspec.to_builtins(ranking) | {"zone": settings.edge.timezone}
        yield f"ranking:{ranking.name}", json.dumps(parts, sort_keys=True)
    for rule in settings.rule:
        if rule.on:  # the others count nothing
            yield f"rule:{rule.name}", _rule_spec(rule)


def _rule_spec(rule: Rule) -> str:
    parts: dict[str, object] = {"on": rule.on}  # another `every` or letter goes on counting
    if rule.conditions:
        parts["where"] = sorted({str(condition) for condition in rule.conditions})
    return json.dumps(parts)
