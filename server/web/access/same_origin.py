"""Refuses forged requests: a page of another site must not act with our visitors' cookies."""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from server.errors import Refused
from server.web.access.caller import CALLER
from server.web.parts import PARTS

SAFE = ("GET", "HEAD", "OPTIONS")


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request that changes something and was sent by a page of another origin."""
    caller = request.get(CALLER)
    by_browser = caller is None or caller.session is not None
    if request.method not in SAFE and by_browser and not _is_ours(request, caller is not None):
        raise Refused("This request came from another site, so it was not carried out.")
    return await handler(request)


def _is_ours(request: web.Request, with_cookie: bool) -> bool:
    """Whether a request comes from our own pages, which browsers tell.

    Without a cookie there is nothing to abuse, so programs that tell nothing may post to the sign-in.
    """
    fetched = request.headers.get("Sec-Fetch-Site")
    if fetched is not None:
        return fetched in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return not with_cookie
    public = urlsplit(request.app[PARTS].settings.http.public_url).netloc
    return urlsplit(origin).netloc in {request.host, public} - {""}
