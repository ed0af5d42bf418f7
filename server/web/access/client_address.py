"""The origin of a request: this machine's socket, loopback or the network, encrypted or not."""

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from server.web.parts import PARTS


def is_local_socket(request: web.Request) -> bool:
    """Whether the request came through `boardwalk.sock`, which only its owner can open."""
    found = request.transport.get_extra_info("socket") if request.transport else None
    return found is not None and found.family == socket.AF_UNIX


def is_loopback(address: str | None) -> bool:
    """Whether an address is of this machine."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def address(request: web.Request) -> str:
    """The client's address. Only a proxy on this machine is believed when it names another one."""
    remote = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and is_loopback(remote):
        return forwarded.rpartition(",")[2].strip()[:64]
    return remote


def is_here(request: web.Request) -> bool:
    """Whether the client is on this machine."""
    return is_local_socket(request) or is_loopback(address(request))


def is_https(request: web.Request) -> bool:
    """Whether the client's connection is encrypted, as far as the edge can know."""
    if request.secure:
        return True
    if not is_loopback(request.remote):
        return False
    proto = request.headers.get("X-Forwarded-Proto")
    if proto is not None:
        return proto == "https"
    public = urlsplit(request.app[PARTS].settings.http.public_url)
    return public.scheme == "https" and public.netloc == request.host


def may_sign_in(request: web.Request) -> bool:
    """Whether a password may be sent: over an encrypted connection, or within this machine."""
    return is_https(request) or is_here(request)
