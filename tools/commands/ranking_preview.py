"""The rankings of a running edge around a top k, and the keys that would come into it by an event."""

import sqlite3
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from server.calendar import Days
from server.errors import BoardwalkError
from server.folds.entrances import Entrances, Entry
from server.folds.folds import Folds, noun_of
from server.folds.names import Fresh, Names
from server.rankings.ranking import named
from server.rankings.window import ALL
from server.rules.evaluate import Occurrence
from server.settings import RankingSpec, Settings, Top
from server.store.schema import migrate
from tools.edge_client import EdgeClient, edge_client, runs

MOST = 1000  # rows that the interface gives at once
NO_EDGE = "the edge does not run, and only it knows how ranking {} stands; start it with boardwalk run"


class Neighbours(NamedTuple):
    """A ranking around a top k.

    best: key and score of the best k, and of one more. listed: whether the event's own key has a score.
    """

    best: list[tuple[str, int]]
    listed: bool


async def standings(settings: Settings, event: Occurrence) -> dict[Top, Neighbours | str]:
    """The rankings by each top k that rules name; a text says why one is not known."""
    tops = {rule.top for rule in settings.rule if rule.top is not None}
    if not tops:
        return {}
    if not await runs(Path(settings.edge.data)):
        return {top: NO_EDGE.format(top.ranking) for top in tops}
    async with edge_client(settings) as edge:
        return {top: await _around(edge, top, own_key(ranking_of(settings, top), event)) for top in tops}


async def _around(edge: EdgeClient, top: Top, key: str | None) -> Neighbours | str:
    path = f"/api/v1/rankings/{top.ranking}"
    try:
        told = await edge.call("GET", f"{path}?window=all&k={min(top.k + 1, MOST)}")
        own = await edge.call("GET", f"{path}?{urlencode({'window': 'all', 'key': key or ''})}")
    except BoardwalkError as error:
        return f"the edge that runs cannot tell: {error.sentence}"
    best = [(row["key"], row["score"]) for row in told["rows"]]
    if key is not None and key not in dict(best):
        best += [(row["key"], row["score"]) for row in own["rows"] if row["key"] == key]
    return Neighbours(best, key in dict(best))


def entries(settings: Settings, top: Top, known: Neighbours, event: Occurrence) -> list[Entry]:
    """The keys that come in, as intake would find for the event over rankings that stand like this."""
    ranking = ranking_of(settings, top)
    connection = sqlite3.connect(":memory:")
    migrate(connection)
    names = Names(connection)
    fresh = Fresh(names, connection, 0)
    folds = Folds((ranking,), names, Days(settings.zone))
    for key, score in known.best:
        number = fresh.id(noun_of(ranking.key), key)
        fresh.adopt()
        folds.rankings[top.ranking].restore(ALL, number, score)
    rules = [rule for rule in settings.rule if rule.top == top][:1]
    customer = fresh.id("customer", event.customer) if event.customer else None
    who = customer, fresh.id("device", event.device)
    return Entrances(rules, folds, names).begin(fresh).take((event.kind, event.at, event.fields), who)


def ranking_of(settings: Settings, top: Top) -> RankingSpec:
    """The ranking of a top k."""
    return next(one for one in settings.ranking if one.name == top.ranking)


def own_key(ranking: RankingSpec, event: Occurrence) -> str | None:
    """The key that an event counts for in a ranking, if it has one."""
    own = {"customer": event.customer, "device": event.device}
    key = own[ranking.key] if ranking.key in own else event.fields.get(ranking.key)
    return None if key is None else named(key)
