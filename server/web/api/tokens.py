"""Tokens for programs."""

import msgspec

from server.clock import milliseconds
from server.store import audit, tokens
from server.store.connection import Connection
from server.store.tokens import Token
from server.web.access.caller import ADMIN
from server.web.api.endpoint import Call, Endpoint, Listing
from server.web.live.watchers import LIVE


class TokenList(msgspec.Struct):
    """By name; revoked ones too, none with its secret."""

    rows: list[Token]


class NewToken(msgspec.Struct, forbid_unknown_fields=True):
    """name: 1 to 27 of a-z, 0-9 and -. scopes: any of ingest, read, admin."""

    name: str
    scopes: list[str]


class Issued(msgspec.Struct):
    """token: told this once; used as `Authorization: Bearer`."""

    name: str
    scopes: list[str]
    token: str


async def everything(call: Call) -> TokenList:
    """All tokens."""
    return TokenList(await call.parts.database.read(tokens.everything))


async def add(call: Call) -> Issued:
    """Make a token."""
    body: NewToken = call.body
    token = await call.parts.database.write(_add, body, call.caller.name)
    return Issued(body.name, body.scopes, token)


async def revoke(call: Call) -> None:
    """Make a token worthless, in streams that are open too."""
    await call.parts.database.write(_revoke, call.named("name"), call.caller.name)
    call.request.app[LIVE].suspect()


def _add(connection: Connection, body: NewToken, actor: str) -> str:
    now = milliseconds()
    token = tokens.add(connection, body.name, body.scopes, now)
    audit.record(connection, (actor, "token added", f"{body.name} ({' '.join(body.scopes)})"), now)
    return token


def _revoke(connection: Connection, name: str, actor: str) -> None:
    now = milliseconds()
    tokens.revoke(connection, name, now)
    audit.record(connection, (actor, "token revoked", name), now)


PATH = "/api/v1/tokens"
ENDPOINTS = [
    Endpoint("GET", PATH, everything, ADMIN, "All tokens", Listing, answer=TokenList),
    Endpoint("POST", PATH, add, ADMIN, "Make a token", body=NewToken, answer=Issued, status=201),
    Endpoint("DELETE", PATH + "/{name}", revoke, ADMIN, "Make a token worthless"),
]
