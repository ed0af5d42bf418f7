"""Pages from templates, with what every page shows around its own part."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from server import __version__
from server.web import words
from server.web.caller import CALLER
from server.web.parts import PARTS

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
        "date": words.date, "visible": words.visible, "customer_path": words.customer_path,
        "query": words.query,
    }  # fmt: skip
    return environment


def page(request: web.Request, template: str, facts: Mapping[str, Any], status: int = 200) -> web.Response:
    """A rendered template as an answer."""
    settings = request.app[PARTS].settings
    around = {
        "site": settings.edge.site, "zone": settings.zone, "version": __version__,
        "caller": request.get(CALLER), "path": request.path, "has_mailbox": settings.mail.mode == "local",
    }  # fmt: skip
    text = request.app[TEMPLATES].get_template(template).render(around | dict(facts))
    return web.Response(text=text, status=status, content_type="text/html")
