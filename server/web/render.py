"""Pages from templates, with the parts that all pages share."""

from collections.abc import Mapping

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from server import __version__, words
from server.clock import milliseconds
from server.web import fleet, urls
from server.web.access.caller import CALLER
from server.web.parts import PARTS, Parts

TEMPLATES: web.AppKey[Environment] = web.AppKey("templates", Environment)


def templates() -> Environment:
    """The environment of all templates; everything is escaped."""
    environment = Environment(
        loader=PackageLoader("server.web"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "number": words.number, "money": words.money, "clock": words.clock,
        "moment": words.moment, "ago": words.ago, "iso": words.iso, "cut": words.cut,
        "date": words.date, "visible": words.visible, "customer_path": urls.customer_path,
        "query": urls.query, "trouble": words.trouble,
    }  # fmt: skip
    return environment


def page(request: web.Request, template: str, facts: Mapping[str, object], status: int = 200) -> web.Response:
    """A rendered template as an answer."""
    parts, caller = request.app[PARTS], request.get(CALLER)
    settings = parts.settings
    around = {
        "site": settings.edge.site, "zone": settings.zone, "version": __version__,
        "caller": caller, "path": request.path, "has_mailbox": settings.mail.mode == "local",
        "looks": _looks(parts) if caller else 0,
    }  # fmt: skip
    text = request.app[TEMPLATES].get_template(template).render(around | dict(facts))
    return web.Response(text=text, status=status, content_type="text/html")


def _looks(parts: Parts) -> int:
    """The number of devices that need a look."""
    return sum(row.needs_a_look for row in fleet.rows(parts.presence.all(), milliseconds()))
