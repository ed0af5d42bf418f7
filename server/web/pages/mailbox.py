"""The page Mailbox: letters that stayed here, because mail is local."""

from aiohttp import web

from server.clock import milliseconds
from server.errors import NotFound
from server.rights import READ
from server.store import mailbox
from server.store.mailbox import Received
from server.web.access.caller import require
from server.web.headers import CSP
from server.web.parts import PARTS
from server.web.render import page

SHOWN = 100
FRAMED = f"{CSP}; frame-src 'self'"
LETTER = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


async def box(request: web.Request) -> web.Response:
    """GET /mailbox: the newest letters, and the chosen one."""
    require(request, READ)
    database = request.app[PARTS].database
    letters = await database.read(mailbox.newest, SHOWN)
    number = request.match_info.get("letter")
    letter = await _letter(request) if number is not None else None
    answer = page(request, "mailbox.html", {"letters": letters, "letter": letter, "now": milliseconds()})
    answer.headers["Content-Security-Policy"] = FRAMED
    return answer


async def html(request: web.Request) -> web.Response:
    """GET /mailbox/{letter}/html: the letter as its reader sees it, in a sandbox without scripts."""
    require(request, READ)
    letter = await _letter(request)
    headers = {"Content-Security-Policy": LETTER}
    return web.Response(text=letter.html, content_type="text/html", headers=headers)


async def _letter(request: web.Request) -> Received:
    found = await request.app[PARTS].database.read(mailbox.find, int(request.match_info["letter"]))
    if found is None:
        raise NotFound("This letter is not in the box (any more).")
    return found
