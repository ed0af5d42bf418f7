"""The web floor put together: every route and every middleware, in their order."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp_cors
from aiohttp import web

from server.store import sessions
from server.web.access import cookie
from server.web.access.identify import identify
from server.web.access.passwords import PASSWORDS, Passwords
from server.web.access.rate_limit import RATE_LIMITS, RateLimits, limit_rate
from server.web.access.same_origin import same_origin
from server.web.api import events, openapi
from server.web.api.export import EXPORTS, Exports
from server.web.headers import add_headers
from server.web.live.feed import FEED, Feed
from server.web.live.tiles import TILES, Tiles
from server.web.live.watchers import LIVE, Live
from server.web.ops import metrics, ready
from server.web.ops.metrics import REQUESTS, counted
from server.web.pages import (
    customers,
    device_actions,
    devices,
    invitation,
    mailbox,
    rankings,
    rejects,
    sign_in,
    today,
)
from server.web.pages.notices import NOTICES, Notices
from server.web.parts import PARTS, Parts
from server.web.problems import explain, problems
from server.web.reads import READS, Reads, counted_as
from server.web.render import TEMPLATES, templates

MAX_BODY = 1024 * 1024
STATIC = Path(__file__).parent / "static"


def create_app(parts: Parts) -> web.Application:
    """The application, for TCP and for the Unix socket; a caller on the Unix socket is an administrator."""
    app = web.Application(
        middlewares=[counted, problems, identify, same_origin, limit_rate], client_max_size=MAX_BODY
    )
    feed = Feed(asyncio.get_running_loop().time)
    app[READS], app[NOTICES] = Reads(), Notices()
    app[PARTS], app[FEED], app[TILES] = parts, feed, Tiles(parts, feed, app[READS])
    app[LIVE], app[EXPORTS] = Live(parts, feed, app[TILES]), Exports()
    app[RATE_LIMITS], app[PASSWORDS], app[REQUESTS], app[TEMPLATES] = (
        RateLimits(),
        Passwords(),
        Counter(),
        templates(),
    )
    app.on_response_prepare.append(add_headers)
    app.cleanup_ctx.append(_running)
    app.on_shutdown.extend((app[LIVE].close, app[EXPORTS].close))
    _add_pages(app)
    _add_interface(app)
    parts.on_commit(feed.committed)
    return app


def _add_pages(app: web.Application) -> None:
    app.router.add_get("/", counted_as("today")(today.show))
    app.router.add_get("/rankings", counted_as("rankings")(rankings.show))
    app.router.add_get("/customers", counted_as("customers")(customers.search))
    app.router.add_get(_any_name("/customers/{name}"), counted_as("customers")(customers.show))
    app.router.add_get("/devices", counted_as("devices")(devices.show))
    app.router.add_post("/devices", device_actions.act_on_many)
    app.router.add_get("/devices/{name}", counted_as("devices")(devices.one))
    app.router.add_post("/devices/{name}", device_actions.act_on_one)
    app.router.add_get("/rejects", counted_as("rejects")(rejects.show))
    app.router.add_get("/sign-in", sign_in.show)
    app.router.add_post("/sign-in", sign_in.check)
    app.router.add_post("/sign-out", sign_in.leave)
    app.router.add_get("/welcome/{token}", invitation.show)
    app.router.add_post("/welcome/{token}", invitation.use)
    if app[PARTS].settings.mail.mode == "local":
        app.router.add_get("/mailbox", mailbox.box)
        app.router.add_get(r"/mailbox/{letter:\d{1,18}}", mailbox.box)
        app.router.add_get(r"/mailbox/{letter:\d{1,18}}/html", mailbox.html)
    app.router.add_get("/problems/{name}", explain)
    app.router.add_static("/static/", STATIC)
    app.router.add_get("/healthz", ready.alive)
    app.router.add_get("/readyz", ready.ready)
    app.router.add_get("/metrics", metrics.tell)


def _add_interface(app: web.Application) -> None:
    app.router.add_get("/api/openapi.json", openapi.tell)
    resources: dict[str, web.Resource] = {}
    for endpoint in openapi.ENDPOINTS:
        resource = resources.get(endpoint.path) or app.router.add_resource(_any_name(endpoint.path))
        resources[endpoint.path] = resource
        resource.add_route(endpoint.method, endpoint.__call__)
    _share(app, list(resources.values()))


def _any_name(path: str) -> str:
    """The path with parts that match any name; aiohttp's own parts match no braces."""
    return re.sub(r"{(\w+)}", r"{\1:[^/]+}", path)


def _share(app: web.Application, resources: list[web.Resource]) -> None:
    """Let scripts of the origins in [http] cors call the interface: with a token, never with a cookie."""
    origins = app[PARTS].settings.http.cors
    if not origins:
        return
    options = aiohttp_cors.ResourceOptions(  # type: ignore[no-untyped-call]
        allow_headers=("Authorization", "Content-Type", "Content-Encoding", events.KEY, "Last-Event-ID"),
        expose_headers=("X-Request-ID", "Retry-After"), allow_methods=("GET", "POST", "PATCH", "DELETE"),
    )  # fmt: skip
    cors = aiohttp_cors.setup(app, defaults={origin.rstrip("/"): options for origin in origins})
    for resource in resources:
        cors.add(resource)
        for route in list(resource):
            cors.add(route)


async def _running(app: web.Application) -> AsyncIterator[None]:
    app[cookie.KEY] = await app[PARTS].database.write(sessions.signing_key)
    await app[LIVE].restore()
    task = asyncio.create_task(app[LIVE].run(), name="live")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
