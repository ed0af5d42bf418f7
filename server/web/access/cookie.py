"""The cookie of a session: a JWT that we signed, with the session's id in it."""

import jwt
from aiohttp import web
from jwt.types import Options

from server.store.sessions import LONGEST_MS
from server.web.access.client_address import is_https

ALGORITHM = "HS256"
CHECKED: Options = {"require": ["sid", "exp", "iss"], "verify_iat": False}  # our clock may have been set back
ISSUER = "boardwalk"
KEY: web.AppKey[str] = web.AppKey("jwt_key", str)


def name(request: web.Request) -> str:
    """The name of the cookie, over HTTPS with `__Host-`, so that no other host or path can set it."""
    return "__Host-boardwalk" if is_https(request) else "boardwalk"


def seal(key: str, session: str, now: int) -> str:
    """The signed text for a session."""
    claims = {"iss": ISSUER, "sid": session, "iat": now // 1000, "exp": (now + LONGEST_MS) // 1000}
    return jwt.encode(claims, key, ALGORITHM)


def session_of(key: str, text: str) -> str | None:
    """The session that we signed, None for what we did not sign or what is too old."""
    try:
        claims = jwt.decode(text, key, [ALGORITHM], issuer=ISSUER, options=CHECKED)
    except jwt.InvalidTokenError:
        return None
    return str(claims["sid"])


def put(request: web.Request, answer: web.StreamResponse, text: str, keep: bool) -> None:
    """Give the browser its cookie. keep: whether it outlives the browser's end."""
    answer.set_cookie(
        name(request), text, max_age=LONGEST_MS // 1000 if keep else None, path="/",
        secure=is_https(request), httponly=True, samesite="Lax",
    )  # fmt: skip


def drop(request: web.Request, answer: web.StreamResponse) -> None:
    """Take the cookie back."""
    answer.del_cookie(name(request), path="/", secure=is_https(request), httponly=True, samesite="Lax")
