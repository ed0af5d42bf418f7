"""Tokens for programs."""

import msgspec

from server.rights import ADMIN
from server.store import tokens
from server.store.tokens import Token
from server.web.api.endpoint import Call, Endpoint, Listing
from server.web.live.watchers import LIVE


class TokenList(msgspec.Struct):
    """rows: all tokens by name, also revoked ones, without their secrets."""

    rows: list[Token]


class NewToken(msgspec.Struct, forbid_unknown_fields=True):
    """name: 1 to 27 of a-z, 0-9 and -. scopes: any of ingest, read, admin."""

    name: str
    scopes: list[str]


class Issued(msgspec.Struct):
    """name: of the new token. scopes: what it may do. token: the secret, told only now; it is sent as
    `Authorization: Bearer`."""

    name: str
    scopes: list[str]
    token: str


async def everything(call: Call) -> TokenList:
    """All tokens."""
    return TokenList(await call.parts.database.read(tokens.everything))


async def add(call: Call) -> Issued:
    """Make a token."""
    body: NewToken = call.body
    token = await call.parts.programs.add(call.caller.actor, body.name, body.scopes)
    return Issued(body.name, body.scopes, token)


async def revoke(call: Call) -> None:
    """Make a token worthless, also in open streams."""
    await call.parts.programs.revoke(call.caller.actor, call.named("name"))
    call.request.app[LIVE].suspect()


PATH = "/api/v1/tokens"
ENDPOINTS = [
    Endpoint("GET", PATH, everything, ADMIN, "All tokens", Listing, answer=TokenList),
    Endpoint(
        "POST",
        PATH,
        add,
        ADMIN,
        "Make a token",
        body=NewToken,
        answer=Issued,
        status=201,
        problems=("conflict",),
    ),
    Endpoint("DELETE", PATH + "/{name}", revoke, ADMIN, "Make a token worthless", problems=("not-found",)),
]
