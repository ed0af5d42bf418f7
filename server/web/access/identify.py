"""The middleware that identifies the caller before anything is done."""

from aiohttp import web
from aiohttp.typedefs import Handler

from server import rights
from server.clock import milliseconds
from server.rights import Actor
from server.store import sessions, tokens
from server.store.database import Database
from server.store.sessions import Session
from server.web.access import cookie
from server.web.access.caller import CALLER, LOCAL, Caller
from server.web.access.client_address import is_local_socket
from server.web.errors import SignInNeeded
from server.web.parts import PARTS

STAFF_SOURCE = "http-staff"


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set request[CALLER] for a known caller. A worthless token is an error, not an unknown caller."""
    caller = await find(request)
    if caller is not None:
        request[CALLER] = caller
    return await handler(request)


async def find(request: web.Request) -> Caller | None:
    """The caller, None for an unknown one. Raises SignInNeeded for a bad token."""
    if is_local_socket(request):
        return LOCAL
    database = request.app[PARTS].database
    header = request.headers.get("Authorization")
    if header is not None:
        return await _program(database, header)
    text = request.cookies.get(cookie.name(request))
    number = cookie.session_of(request.app[cookie.KEY], text) if text else None
    session = await alive(database, number) if number else None
    return _person(session) if session else None


async def alive(database: Database, number: str) -> Session | None:
    """The session, which is marked as in use; None when it ended."""
    now = milliseconds()
    session = await database.read(sessions.find, number, now)
    if session is not None and now - session.seen_at > sessions.TOUCH_MS:
        await database.write(sessions.touch, number, now)
    return session


def _person(session: Session) -> Caller:
    actor = Actor(session.email, rights.of_role(session.role), session=session.id)
    return Caller(actor, STAFF_SOURCE, session)


async def _program(database: Database, header: str) -> Caller:
    scheme, _, text = header.partition(" ")
    token = await database.read(tokens.find, text.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise SignInNeeded
    now = milliseconds()
    if now - (token.used_at or 0) > sessions.TOUCH_MS:
        await database.write(tokens.touch, token.name, now)
    actor = Actor(f"token {token.name}", rights.of_token(token.scopes), token=token.name)
    return Caller(actor, f"http-{token.name}")
