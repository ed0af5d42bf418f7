"""GET /metrics: numbers for Prometheus."""

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from server.store.mail import Mails
from server.web.caller import READ, require
from server.web.feed import FEED
from server.web.health import STOPS_INTAKE
from server.web.live import LIVE
from server.web.parts import PARTS
from server.web.peer import is_here

# name, labels, meaning; everything that is exported is here
METRICS: list[tuple[str, tuple[str, ...], str]] = [
    ("boardwalk_events_committed_total", (), "Events committed since the start"),
    ("boardwalk_orders_total", (), "Orders (order.placed) committed since the start"),
    ("boardwalk_events_per_minute", (), "Events committed in the last 60 seconds"),
    ("boardwalk_devices", (), "Devices that may send"),
    ("boardwalk_devices_online", (), "Devices that are connected"),
    ("boardwalk_cloud_waiting_events", (), "Events that the cloud has not confirmed"),
    ("boardwalk_cloud_unsent_chunks", (), "Sealed chunks that wait to be sent"),
    ("boardwalk_mails", ("state",), "Mails of the outbox by state"),
    ("boardwalk_degraded", ("part",), "1 while a part is not as it should be"),
    ("boardwalk_live_watchers", (), "Clients of the live stream"),
    ("boardwalk_http_requests_total", ("method", "route", "status"), "Requests answered"),
]
PARTS_WATCHED = (*sorted(STOPS_INTAKE), "cloud", "mail")
METHODS = frozenset(("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"))


class Metrics:
    """A registry of its own, filled when somebody asks; only requests are counted as they come."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._made = {name: self._make(name, labels, meaning) for name, labels, meaning in METRICS}

    def _make(self, name: str, labels: tuple[str, ...], meaning: str) -> Counter | Gauge:
        kind = Counter if name.endswith("_total") else Gauge
        return kind(name.removesuffix("_total"), meaning, labels, registry=self._registry)

    def request(self, method: str, route: str, status: int) -> None:
        """Count an answered request."""
        self._made["boardwalk_http_requests_total"].labels(method, route, str(status)).inc()

    def set(self, name: str, value: float, *labels: str) -> None:
        """Let a metric be `value`; counters only rise."""
        made = self._made[name]
        made = made.labels(*labels) if labels else made
        if isinstance(made, Gauge):
            made.set(value)
        else:
            made.inc(max(0.0, value - made._value.get()))

    def text(self) -> bytes:
        """Everything, in the format of Prometheus."""
        return generate_latest(self._registry)


COUNTED: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count answers by route, never by path: paths are without number."""
    status = 500
    try:
        answer = await handler(request)
        status = answer.status
        return answer
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        resource = request.match_info.route.resource
        method = request.method if request.method in METHODS else "other"
        request.app[COUNTED].request(method, resource.canonical if resource else "none", status)


async def tell(request: web.Request) -> web.Response:
    """GET /metrics; from other machines with a token that may read."""
    if not is_here(request):
        require(request, READ)
    await _fill(request.app)
    text = request.app[COUNTED].text()
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


async def _fill(app: web.Application) -> None:
    parts, feed, metrics = app[PARTS], app[FEED], app[COUNTED]
    devices = [one for one in parts.presence.all() if one.revoked_at is None]
    cloud, degraded = parts.cloud.status(), {part for part, _ in parts.health.reasons()}
    metrics.set("boardwalk_events_committed_total", feed.events)
    metrics.set("boardwalk_orders_total", feed.placed)
    metrics.set("boardwalk_events_per_minute", parts.per_minute())
    metrics.set("boardwalk_devices", len(devices))
    metrics.set("boardwalk_devices_online", sum(one.online for one in devices))
    metrics.set("boardwalk_cloud_waiting_events", cloud["waiting"])
    metrics.set("boardwalk_cloud_unsent_chunks", cloud["chunks"])
    metrics.set("boardwalk_live_watchers", len(app[LIVE].watchers))
    for state, number in (await Mails(parts.database).counts()).items():
        metrics.set("boardwalk_mails", number, state)
    for part in PARTS_WATCHED:
        metrics.set("boardwalk_degraded", part in degraded, part)
