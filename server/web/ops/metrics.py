"""GET /metrics: numbers for Prometheus."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from server.rights import READ
from server.store.mail import Mails
from server.watch.findings import KINDS
from server.web.access.caller import require
from server.web.access.client_address import is_here
from server.web.live.feed import FEED
from server.web.live.watchers import LIVE
from server.web.parts import PARTS
from server.web.reads import READS

# name, labels, meaning of each metric that is exported; counters end in _total
METRICS: list[tuple[str, tuple[str, ...], str]] = [
    ("boardwalk_events_committed_total", (), "Events committed since the start"),
    ("boardwalk_rejected_total", ("source_kind", "reason"), "Payloads refused since the start"),
    ("boardwalk_orders_total", (), "Orders (order.placed) committed since the start"),
    ("boardwalk_events_per_minute", (), "Events committed in the last 60 seconds"),
    ("boardwalk_devices", (), "Devices that may send"),
    ("boardwalk_devices_online", (), "Devices that are connected"),
    ("boardwalk_cloud_waiting_events", (), "Events that the cloud has not confirmed"),
    ("boardwalk_cloud_unsent_chunks", (), "Sealed chunks that wait to be sent"),
    ("boardwalk_mails", ("state",), "Mails of the outbox by state"),
    ("boardwalk_finding", ("id",), "1 while this is wrong, see /api/v1/findings"),
    ("boardwalk_live_watchers", (), "Clients of the live stream"),
    ("boardwalk_reads_total", ("noun", "from"), "Reads answered, from memory, store or cloud"),
    ("boardwalk_http_requests_total", ("method", "route", "status"), "Requests answered"),
]
LEFT = 499  # the caller has left before the answer, as nginx counts it
METHODS = frozenset(("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"))
Values = dict[str, dict[tuple[str, ...], float]]  # metric, then its labels


async def values(app: web.Application) -> Values:
    """The present values of all metrics."""
    parts, feed = app[PARTS], app[FEED]
    devices = [one for one in parts.presence.all() if one.revoked_at is None]
    cloud, found = parts.cloud.status(), {one.id for one in parts.findings.all()}
    mails = await Mails(parts.database).counts()
    return {
        "boardwalk_events_committed_total": {(): feed.events},
        "boardwalk_rejected_total": {key: float(count) for key, count in parts.refused.items()},
        "boardwalk_orders_total": {(): feed.placed},
        "boardwalk_events_per_minute": {(): parts.per_minute()},
        "boardwalk_devices": {(): len(devices)},
        "boardwalk_devices_online": {(): sum(one.online for one in devices)},
        "boardwalk_cloud_waiting_events": {(): cloud.waiting},
        "boardwalk_cloud_unsent_chunks": {(): cloud.chunks},
        "boardwalk_mails": {(state,): number for state, number in mails.items()},
        "boardwalk_finding": {(kind.id,): kind.id in found for kind in KINDS},
        "boardwalk_live_watchers": {(): len(app[LIVE].watchers)},
        "boardwalk_reads_total": {key: float(count) for key, count in app[READS].counts.items()},
        "boardwalk_http_requests_total": {key: float(count) for key, count in app[REQUESTS].items()},
    }


class Reading(Collector):
    """Values in the form of the client library."""

    def __init__(self, found: Values) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """All of METRICS."""
        for name, labels, meaning in METRICS:
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = kind(name, meaning, labels=labels)
            for key, value in sorted(self._found[name].items()):
                family.add_metric(key, float(value))
            yield family


REQUESTS: web.AppKey[Counter[tuple[str, ...]]] = web.AppKey("requests", Counter)


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count answers by route, never by path, because the number of paths has no limit."""
    status = 500
    try:
        answer = await handler(request)
        status = answer.status
        return answer
    except web.HTTPException as error:
        status = error.status
        raise
    except (asyncio.CancelledError, ConnectionResetError):
        status = LEFT
        raise
    finally:
        resource = request.match_info.route.resource
        method = request.method if request.method in METHODS else "other"
        request.app[REQUESTS][method, resource.canonical if resource else "none", str(status)] += 1


async def tell(request: web.Request) -> web.Response:
    """GET /metrics; from other machines with a token that may read."""
    if not is_here(request):
        require(request, READ)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Reading(await values(request.app)))
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})
