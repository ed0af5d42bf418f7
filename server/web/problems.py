"""Everything that can go wrong in a request, translated once: RFC 9457 for programs, a page for people."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from loguru import logger

from server.errors import BadInput, BoardwalkError, CloudError, Conflict, NotFound, Refused, StoreFull
from server.web.api.body import TooLarge, WrongEncoding
from server.web.api.events import KeyReused
from server.web.caller import SignInNeeded
from server.web.pace import TooMany
from server.web.render import page

JSON = "application/problem+json"
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its `type` is /problems/<name>, which stays."""

    status: int
    title: str
    meaning: str


KINDS = {
    "bad-input": Kind(422, "Input that cannot be taken", "A field has a wrong value; `field` names it."),
    "sign-in-needed": Kind(401, "Sign in first", "No token and no session, or one that is worth nothing."),
    "refused": Kind(403, "Not allowed", "The caller is known, but may not do this."),
    "not-found": Kind(404, "Not found", "Nobody knows this name or address here."),
    "method": Kind(405, "Not possible here", "This address does not know the method; see `Allow`."),
    "conflict": Kind(409, "Conflict", "The name is taken, or the state does not allow it."),
    "too-large": Kind(413, "Too large", "A body has at most 1 MiB, also when unpacked, and 1,000 events."),
    "media-type": Kind(415, "Not JSON", "Bodies are application/json."),
    "content-encoding": Kind(415, "Not gzip", "A body is sent as it is, or with Content-Encoding: gzip."),
    "key-reused": Kind(
        422,
        "A key used twice",
        "Another body came under this Idempotency-Key in the last 24 h; nothing of this one was taken.",
    ),
    "too-many": Kind(429, "Too many requests", "Come back after `Retry-After` seconds."),
    "internal": Kind(500, "A fault of ours", "It is in the log under the request's id."),
    "cloud": Kind(503, "The cloud is not reached", "What only the table knows cannot be told now."),
    "store-full": Kind(507, "No room", "The disk takes nothing more; nothing of the request was kept."),
}
_ERRORS: list[tuple[type[Exception], str]] = [
    (BadInput, "bad-input"), (SignInNeeded, "sign-in-needed"), (Refused, "refused"),
    (NotFound, "not-found"), (Conflict, "conflict"), (TooMany, "too-many"), (StoreFull, "store-full"),
    (CloudError, "cloud"), (TooLarge, "too-large"), (WrongEncoding, "content-encoding"),
    (KeyReused, "key-reused"),
]  # fmt: skip


class Problem(msgspec.Struct, omit_defaults=True):
    """What a program is told. type: stable. detail: a sentence. field: of the input that is wrong."""

    type: str
    title: str
    status: int
    detail: str = ""
    field: str = ""
    request_id: str = ""


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each request an id, and translate whatever is raised."""
    request[REQUEST_ID] = secrets.token_hex(8)
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _told(request, _of_http(error), _kept(error.headers))
    except Exception as error:
        return _told(request, _of(request, error), _headers(error))


def _of(request: web.Request, error: Exception) -> Problem:
    name = next((name for kind, name in _ERRORS if isinstance(error, kind)), "internal")
    if name == "internal":
        logger.opt(exception=error).error("request {} {}", request[REQUEST_ID], request.path)
    kind = KINDS[name]
    field = error.field if isinstance(error, BadInput) else ""
    known = isinstance(error, BoardwalkError) and name != "internal"
    return Problem(f"/problems/{name}", kind.title, kind.status, str(error) if known else kind.meaning, field)


def _of_http(error: web.HTTPException) -> Problem:
    for name, kind in KINDS.items():
        if kind.status == error.status:
            return Problem(f"/problems/{name}", kind.title, kind.status, kind.meaning)
    return Problem("about:blank", error.reason, error.status)


def _headers(error: Exception) -> dict[str, str]:
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, WrongEncoding):
        return {"Accept-Encoding": "gzip"}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, SignInNeeded) else {}


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {"Allow": headers["Allow"]} if "Allow" in headers else {}


def _told(request: web.Request, problem: Problem, headers: dict[str, str]) -> web.StreamResponse:
    problem.request_id = request[REQUEST_ID]
    if not wants_page(request):
        body = msgspec.json.encode(problem)
        return web.Response(body=body, status=problem.status, content_type=JSON, headers=headers)
    if problem.status == 401:
        return web.Response(status=303, headers={"Location": "/sign-in"})
    facts: dict[str, Any] = {"problem": problem}
    answer = page(request, "problem.html", facts, problem.status)
    answer.headers.update(headers)
    return answer


async def explain(request: web.Request) -> web.StreamResponse:
    """GET /problems/{name}: what a `type` means, for whoever opens its address. Raises NotFound."""
    name = request.match_info["name"]
    if name not in KINDS:
        raise NotFound(f"There is no problem {name}.")
    kind = KINDS[name]
    told = Problem(f"/problems/{name}", kind.title, kind.status, kind.meaning)
    return page(request, "problem.html", {"problem": told})


def wants_page(request: web.Request) -> bool:
    """Whether a person with a browser asked, rather than a program."""
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", "")
