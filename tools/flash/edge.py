"""The edge that a board is flashed for."""

import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from server.errors import BoardwalkError, Conflict
from server.settings import Settings
from tools import interrupt
from tools.edge_client import EdgeClient, remote_edge, running_edge
from tools.output import Json

LOOPBACK = ("localhost", "::1")
ELSEWHERE = (
    "192.0.2.1",
    9,
)  # an address of nobody: where a packet to it would leave is our own in the network


@dataclass(frozen=True)
class TargetSite:
    """The site that a board is flashed for.

    name: as in topics. now: the edge's time, ms since 1970 UTC. host, port, tls: where boards connect. far:
    whether the edge is on another machine.
    """

    name: str
    now: int
    host: str
    port: int
    tls: bool
    far: bool


class TargetEdge:
    """The edge. place: its name for people. machine: its host name or address, None for this machine."""

    def __init__(
        self, opened: Callable[[], AbstractAsyncContextManager[EdgeClient]], place: str, machine: str | None
    ) -> None:
        self._opened = opened
        self.place = place
        self._machine = machine

    def site(self) -> TargetSite:
        """What a board must know. Raises BoardwalkError when the edge does not answer."""
        told = self._call("GET", "/api/v1/site")
        if not isinstance(told, dict) or not told.keys() >= {"site", "now", "mqtt"}:
            raise BoardwalkError(f"What answers at {self.place} is no edge; check the address.")
        mqtt = told["mqtt"]
        far = self._machine if self._machine is not None and not is_loopback(self._machine) else None
        host = mqtt["host"] or far or address_in_network()
        return TargetSite(told["site"], told["now"], host, mqtt["port"], mqtt["tls"], far is not None)

    def knows(self, name: str) -> bool:
        """Whether a device of this name may connect now."""
        rows = self._call("GET", "/api/v1/devices")["rows"]
        return any(row["name"] == name and row["revoked_at"] is None for row in rows)

    def credentials(self, name: str) -> str:
        """A new secret for this device, which is registered when it is new; an older secret ends."""
        try:
            told = self._call("POST", "/api/v1/devices", {"name": name})
        except Conflict:
            told = self._call("POST", f"/api/v1/devices/{name}/credentials")
        return str(told["secret"])

    def newest(self, name: str, **wanted: str) -> Json | None:
        """The newest event of a device in the log."""
        query = urlencode({"device": name, "newest": "true", "limit": 1, **wanted})
        rows: list[Json] = self._call("GET", f"/api/v1/events?{query}")["rows"]
        return rows[0] if rows else None

    def _call(self, method: str, path: str, body: object = None) -> Any:
        async def calling() -> Any:
            async with self._opened() as client:
                return await client.call(method, path, body)

        return interrupt.run(calling())


def edge_here(settings: Settings) -> TargetEdge:
    """The edge of these settings, through its socket."""
    return TargetEdge(lambda: running_edge(settings), f"the edge on {settings.edge.data}", None)


def edge_at(url: str, token: str) -> TargetEdge:
    """The edge that answers at this address. Raises BoardwalkError as `machine`."""
    return TargetEdge(lambda: remote_edge(url, token), url, machine(url))


def machine(url: str) -> str:
    """The host of an edge's address. Raises BoardwalkError for any other text."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_host = host.isprintable() and host.split() == [host]
        if parts.scheme in ("http", "https") and is_host and parts.port != 0:
            return host
    except ValueError:  # of the port, or of what is between [ and ]
        pass
    raise BoardwalkError(f"--edge is an address as https://edge.example:8080, not {url!r}.")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    return host in LOOPBACK or host.startswith("127.")


def address_in_network() -> str:
    """This machine's address in its network, loopback when it has no network. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
