"""The page Mailbox: letters that stayed here, because mail is local."""

import sqlite3
from dataclasses import dataclass

from aiohttp import web

from server.clock import milliseconds
from server.errors import NotFound
from server.web.access.caller import READ, require
from server.web.headers import CSP
from server.web.parts import PARTS
from server.web.render import page

SHOWN = 100
FRAMED = f"{CSP}; frame-src 'self'"
LETTER = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


@dataclass(frozen=True)
class Received:
    """A letter in the box. sent_at: ms since 1970 UTC."""

    id: int
    recipient: str
    subject: str
    text: str
    html: str
    sent_at: int


async def box(request: web.Request) -> web.Response:
    """GET /mailbox: the newest letters, and the one that was picked."""
    require(request, READ)
    database = request.app[PARTS].database
    letters = await database.read(_newest)
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
    found = await request.app[PARTS].database.read(_one, int(request.match_info["letter"]))
    if found is None:
        raise NotFound("This letter is not in the box (any more).")
    return found


def _newest(connection: sqlite3.Connection) -> list[Received]:
    rows = connection.execute(
        "SELECT id, recipient, subject, '', '', sent_at FROM mailbox ORDER BY id DESC LIMIT ?", (SHOWN,)
    )
    return [Received(*row) for row in rows]


def _one(connection: sqlite3.Connection, number: int) -> Received | None:
    row = connection.execute(
        "SELECT id, recipient, subject, text, html, sent_at FROM mailbox WHERE id = ?", (number,)
    ).fetchone()
    return Received(*row) if row else None
