"""A start: the folds from the checkpoint and the log behind it, exactly as they were."""

import json
import sqlite3
from collections.abc import Iterable

import msgspec

from server.ingest.folds import Folds
from server.ingest.names import Fresh, Names
from server.rules.evaluate import Evaluator
from server.settings import Ranking, Rule, Settings
from server.store import checkpoints, events
from server.store.events import Stored


class Replay:
    """Brings folds up to the end of the log, inside one transaction."""

    def __init__(self, connection: sqlite3.Connection, names: Names, folds: Folds) -> None:
        self._connection = connection
        self._names = names
        self._folds = folds
        self._fresh = Fresh(names, connection, 0)
        self._begun = False

    def run(self, settings: Settings, evaluator: Evaluator) -> None:
        """Restore the checkpoint, begin what is new in the settings, and replay the tail."""
        through = checkpoints.through(self._connection)
        since = self._adopt(settings, through)
        for row in checkpoints.counts(self._connection):
            self._folds.counts[(row[0], row[1])] = row[2]
        for hour, kind, count, cents in checkpoints.totals(self._connection):
            self._folds.restore_total(hour, kind, (count, cents))
        self._folds.through = through
        for event in events.walk(self._connection, through):
            self._entries(event, self._folds.rankings)
            self._rest(event, evaluator, since)
            self._folds.through = event.id
        self._fresh.adopt()
        if self._begun:  # what is known as begun must not be empty at the next start
            checkpoints.save(self._connection, self._folds.delta()[0])

    def _adopt(self, settings: Settings, through: int) -> dict[str, int]:
        known = checkpoints.known(self._connection)
        wanted = dict(_specs(settings))
        checkpoints.forget(self._connection, [name for name in known if name not in wanted])
        end = events.newest_id(self._connection)
        new: list[str] = []
        for name, spec in wanted.items():
            if known.get(name, ("", 0))[0] == spec:
                continue
            self._begun = True
            noun, _, plain = name.partition(":")
            checkpoints.adopt(self._connection, name, spec, end if noun == "rule" else 0)
            if noun == "ranking":
                new.append(plain)
        self._restore(settings.ranking, new, through)
        return {name: since for name, (_, since) in checkpoints.known(self._connection).items()}

    def _restore(self, rankings: Iterable[Ranking], new: list[str], through: int) -> None:
        for spec in rankings:
            if spec.name not in new:
                ranking = self._folds.rankings[spec.name]
                for bucket, key, score in checkpoints.scores(self._connection, spec.name):
                    ranking.restore(bucket, key, score)
        if new:  # rankings that were added later begin with the log that is kept
            for event in events.walk(self._connection, 0):
                if event.id > through:
                    break
                self._entries(event, new)

    def _entries(self, event: Stored, rankings: Iterable[str]) -> None:
        fields = dict(event.fields, customer=event.customer, device=event.device)
        # not strict: an event may be older than a ranking that asks for whole numbers
        found = self._folds.entries(event.kind, event.at, fields, self._fresh.id, strict=False)
        self._fresh.adopt()
        self._folds.apply([(score, delta) for score, delta in found if score[0] in rankings])

    def _rest(self, event: Stored, evaluator: Evaluator, since: dict[str, int]) -> None:
        kind = self._names.ids["kind"][event.kind]
        self._folds.total(event.at, kind, event.fields.get("cents"))
        customer = self._names.ids["customer"].get(event.customer or "", 0)
        counts: dict[tuple[str, int], int] = {}
        evaluator.count(event.kind, customer, counts)
        born = {key: n for key, n in counts.items() if event.id > since[f"rule:{key[0]}"]}
        self._folds.count(born)


def _specs(settings: Settings) -> Iterable[tuple[str, str]]:
    for ranking in settings.ranking:
        parts = msgspec.to_builtins(ranking) | {"zone": settings.edge.timezone}
        yield f"ranking:{ranking.name}", json.dumps(parts, sort_keys=True)
    for rule in settings.rule:
        yield f"rule:{rule.name}", _rule_spec(rule)


def _rule_spec(rule: Rule) -> str:
    return json.dumps({"on": rule.on})  # another `every` or letter goes on counting
