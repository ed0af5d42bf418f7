"""The pages Devices and one device: which are here, how well they are, and acts on them."""

from typing import NamedTuple

from aiohttp import web

from server.clock import milliseconds
from server.rights import ADMIN, OPERATE, READ
from server.settings import address as address_of
from server.store import rejects
from server.store.events import EventQuery, Events
from server.web import fleet, heartbeat
from server.web.access.caller import Caller, require
from server.web.fleet import FILTERS, SORTS, DeviceRow, Wanted
from server.web.heartbeat import RANGES
from server.web.live.feed import FEED
from server.web.pages import parameters
from server.web.pages.notices import NOTICES
from server.web.parts import PARTS, Parts
from server.web.render import page

SHOWN = 50
HISTORY = 25


class DevicesQuery(NamedTuple):
    """The parameters in the address of the page.

    show: one of FILTERS. group: "" for all. text: a part of name, label, group or firmware, "" for all. sort:
    one of SORTS, `-` in front for the reverse. range: of the heartbeat, one of RANGES. begin: how many
    devices come before the first on the page.
    """

    show: str
    group: str
    text: str
    sort: str
    range: str
    begin: int

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.show, self.group, self.text)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /devices: `show`, `group`, `text`, `sort`, `range`, `begin`. Raises BadInput."""
    caller, asked, now = require(request, READ), asked_of(request), milliseconds()
    parts = request.app[PARTS]
    known = fleet.rows(parts.presence.all(), now)
    found = fleet.ordered(fleet.picked(known, asked.wanted), asked.sort)
    begin = min(asked.begin, (len(found) - 1) // SHOWN * SHOWN) if found else 0  # some may have left since
    shown = found[begin : begin + SHOWN]
    _, port = address_of(parts.settings.mqtt.listen)
    facts = {
        **asked._asdict(), **_rights(caller), "found": found, "rows": shown, "begin": begin, "most": SHOWN,
        "known": known,
        "counts": fleet.counts(known, asked.wanted), "groups": fleet.groups(known), "mqtt_port": port,
        "ranges": heartbeat.WORDS, "now": now, "newest": request.app[FEED].newest,
        "strips": {row.name: _strip(parts, row, now, asked.range) for row in shown},
        "notice": request.app[NOTICES].read(caller.name, request.query.get("said", "")),
        "said": request.query.get("said", ""),
    }  # fmt: skip
    return page(request, "devices.html", facts)


async def one(request: web.Request) -> web.StreamResponse:
    """GET /devices/{name}. Raises NotFound."""
    caller, now = require(request, READ), milliseconds()
    parts, name = request.app[PARTS], request.match_info["name"]
    seen = parts.presence.one(name)
    row = DeviceRow(seen, fleet.state_of(seen, now))
    events, older = await Events(parts.database).page(EventQuery(device=name, limit=HISTORY, newest=True))
    facts = {
        "row": row, **_rights(caller), "now": now, "newest": request.app[FEED].newest,
        "strips": {words: _strip(parts, row, now, name) for name, words in heartbeat.WORDS.items()},
        "events": events, "older": older, "groups": fleet.groups(fleet.rows(parts.presence.all(), now)),
        "rejected": await parts.database.read(rejects.count, name),
        "notice": request.app[NOTICES].read(caller.name, request.query.get("said", "")),
        "said": request.query.get("said", ""),
    }  # fmt: skip
    return page(request, "device.html", facts)


def asked_of(request: web.Request) -> DevicesQuery:
    """The parameters of the list, from its address. Raises BadInput."""
    sorts = [sign + name for name in SORTS for sign in ("", "-")]
    return DevicesQuery(
        parameters.choice(request, "show", tuple(FILTERS), "all"),
        parameters.text(request, "group"),
        parameters.text(request, "text"),
        parameters.choice(request, "sort", sorts, "state"),
        parameters.choice(request, "range", tuple(RANGES), "24h"),
        parameters.number(request, "begin") or 0,
    )


def _rights(caller: Caller) -> dict[str, object]:
    return {"may_operate": OPERATE in caller.scopes, "may_revoke": ADMIN in caller.scopes}


def _strip(parts: Parts, row: DeviceRow, now: int, range_: str) -> heartbeat.Strip:
    return heartbeat.strip(parts.presence.beats, row.name, row.seen.added_at, now, range_)
