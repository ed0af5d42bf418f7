"""The page Rankings: every ranking in a window, its moves, and the place of one key."""

from typing import NamedTuple, cast

from aiohttp import web

from server.clock import milliseconds
from server.rights import READ
from server.settings import RankingSpec
from server.web.access.caller import require
from server.web.live.feed import FEED
from server.web.pages import parameters
from server.web.parts import PARTS, Against, Before, Parts
from server.web.render import page

WINDOWS = ("all", "today", "7d", "30d")
FIRST = 10  # rows of each ranking
LONG = 100  # rows of the one that was picked


class RankingsQuery(NamedTuple):
    """The parameters in the address of the page.

    window: one of WINDOWS. against: compare with the places an hour ago or at the last midnight. name: one
    ranking to show at length, "" for all. key: one to look for, or "".
    """

    window: str
    against: Against
    name: str
    key: str


async def show(request: web.Request) -> web.StreamResponse:
    """GET /rankings: `window`, `against`, `name`, `key`. Raises NotFound and BadInput."""
    require(request, READ)
    parts, asked = request.app[PARTS], _asked(request)
    if asked.name:
        parts.rankings.size(asked.name, _window(parts, asked.name, asked.window))  # raises NotFound
    specs = parts.settings.ranking
    facts = {
        **asked._asdict(), "newest": request.app[FEED].newest, "now": milliseconds(), "long": LONG,
        "windows": [one for one in WINDOWS if any(one in spec.windows for spec in specs)],
        "rankings": [_ranking(parts, spec, asked) for spec in specs if asked.name in ("", spec.name)],
        "found": [_place(parts, spec, asked) for spec in specs if asked.key],
    }  # fmt: skip
    return page(request, "rankings.html", facts)


def _asked(request: web.Request) -> RankingsQuery:
    return RankingsQuery(
        parameters.choice(request, "window", WINDOWS, "all"),
        cast(Against, parameters.choice(request, "against", ("day", "hour"), "day")),
        request.query.get("name", ""),
        parameters.text(request, "key"),
    )


def _ranking(parts: Parts, spec: RankingSpec, asked: RankingsQuery) -> dict[str, object]:
    """A ranking as the page shows it; instead of a window that it lacks, its first one."""
    window, k = _window(parts, spec.name, asked.window), LONG if asked.name else FIRST
    before = parts.standings.before(spec.name, window, asked.against, milliseconds())
    return {
        "name": spec.name, "window": window, "key": spec.key, "spec": spec, "k": k,
        "since": parts.rankings.since(spec.name, window), "uncounted": parts.rankings.skipped(spec.name),
        "money": spec.score == "sum:cents", "size": parts.rankings.size(spec.name, window),
        "rows": [
            row._asdict() | {"rank_before": before.rank(row.key) if before else None}
            for row in parts.rankings.top(spec.name, window, k)
        ],
        **_moments(before),
    }  # fmt: skip


def _place(parts: Parts, spec: RankingSpec, asked: RankingsQuery) -> dict[str, object]:
    """The place of the key that was asked for."""
    window = _window(parts, spec.name, asked.window)
    before = parts.standings.before(spec.name, window, asked.against, milliseconds())
    return {
        "spec": spec, "window": window, "size": parts.rankings.size(spec.name, window),
        "place": parts.rankings.place(spec.name, window, asked.key),
        "rank_before": before.rank(asked.key) if before else None, **_moments(before),
    }  # fmt: skip


def _moments(before: Before | None) -> dict[str, int | None]:
    """before_at: the moment to compare with. noted_at: the same, also when no key was listed then."""
    return {
        "before_at": before.compared_at if before else None,
        "noted_at": before.at if before else None,
    }


def _window(parts: Parts, name: str, window: str) -> str:
    """The window, or the first one that the ranking has."""
    windows = dict(parts.rankings.names()).get(name, [window])
    return window if window in windows else windows[0]
