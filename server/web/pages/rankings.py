"""The page Rankings: every ranking in a window, and where one key stands."""

from typing import Any

from aiohttp import web

from server.clock import milliseconds
from server.web.caller import READ, require
from server.web.feed import FEED
from server.web.pages import address
from server.web.parts import PARTS, Parts
from server.web.render import page

WINDOWS = ("all", "today", "7d", "30d")
FIRST = 10  # rows of each ranking
LONG = 100  # rows of the one that was picked


async def show(request: web.Request) -> web.StreamResponse:
    """GET /rankings: `window`, `name` for one ranking at length, `q` for one key. Raises NotFound."""
    require(request, READ)
    parts, newest = request.app[PARTS], request.app[FEED].newest
    window, wanted = address.choice(request, "window", WINDOWS, "all"), address.text(request, "q")
    name = request.query.get("name", "")
    if name:
        parts.rankings.top(name, _window(parts, name, window), 1)  # raises NotFound, with the names there are
    shown = [one for one in parts.settings.ranking if name in ("", one.name)]
    facts = {
        "window": window, "name": name, "q": wanted, "newest": newest, "now": milliseconds(), "long": LONG,
        "against": address.choice(request, "against", ("day", "hour"), "day"),
        "windows": [one for one in WINDOWS if any(one in spec.windows for spec in parts.settings.ranking)],
        "rankings": [_ranking(parts, spec.name, window, LONG if name else FIRST) for spec in shown],
        "found": _places(parts, wanted, window) if wanted else [],
    }  # fmt: skip
    return page(request, "rankings.html", facts)


def _ranking(parts: Parts, name: str, window: str, k: int) -> dict[str, Any]:
    spec = next(one for one in parts.settings.ranking if one.name == name)
    window = _window(parts, name, window)
    return {
        "name": name, "window": window, "key": spec.key, "money": spec.score == "sum:cents", "spec": spec,
        "rows": [row._asdict() | {"rank_before": None} for row in parts.rankings.top(name, window, k)],
        "size": parts.rankings.size(name, window), "k": k, "before_at": None, "since": None,
    }  # fmt: skip


def _places(parts: Parts, key: str, window: str) -> list[dict[str, Any]]:
    """Where a key stands in each ranking."""
    found = []
    for spec in parts.settings.ranking:
        its = _window(parts, spec.name, window)
        place = parts.rankings.place(spec.name, its, key)
        size = parts.rankings.size(spec.name, its)
        found.append(
            {"spec": spec, "window": its, "place": place, "size": size, "before": None, "before_at": None}
        )
    return found


def _window(parts: Parts, name: str, window: str) -> str:
    """The window, or the first that the ranking has."""
    windows = dict(parts.rankings.names()).get(name, [window])
    return window if window in windows else windows[0]
