"""Translates what goes wrong in a request: to RFC 9457 for programs, to a page for people."""

import secrets
from collections.abc import Mapping

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from loguru import logger

from server.errors import BadInput, BoardwalkError, NotFound
from server.web.errors import KINDS, WebError, kind_of
from server.web.render import page

JSON = "application/problem+json"
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)


class Problem(msgspec.Struct, omit_defaults=True):
    """A problem as programs get it (RFC 9457).

    type: its address, which never changes. title: the same for each problem of the type. status: of HTTP.
    detail: a sentence about this request. field: the name of the wrong input, "" for the whole request.
    request_id: under which the log has it, as in the header X-Request-ID.
    """

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
    name = kind_of(error)
    if name == "internal":
        logger.opt(exception=error).error("request {} {}", request[REQUEST_ID], request.path)
    kind = KINDS[name]
    field = error.field if isinstance(error, BadInput) else ""
    detail = error.sentence if isinstance(error, BoardwalkError) and name != "internal" else kind.meaning
    return Problem(f"/problems/{name}", kind.title, kind.status, detail, field)


def _of_http(error: web.HTTPException) -> Problem:
    for name, kind in KINDS.items():
        if kind.status == error.status:
            return Problem(f"/problems/{name}", kind.title, kind.status, kind.meaning)
    return Problem("about:blank", error.reason, error.status)


def _headers(error: Exception) -> dict[str, str]:
    return dict(error.headers) if isinstance(error, WebError) else {}


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {"Allow": headers["Allow"]} if "Allow" in headers else {}


def _told(request: web.Request, problem: Problem, headers: dict[str, str]) -> web.StreamResponse:
    problem.request_id = request[REQUEST_ID]
    if not wants_page(request):
        body = msgspec.json.encode(problem)
        return web.Response(body=body, status=problem.status, content_type=JSON, headers=headers)
    if problem.status == 401:
        return web.Response(status=303, headers={"Location": "/sign-in"})
    facts: dict[str, object] = {"problem": problem}
    answer = page(request, "problem.html", facts, problem.status)
    answer.headers.update(headers)
    return answer


async def explain(request: web.Request) -> web.StreamResponse:
    """GET /problems/{name}: the meaning of a `type`, for people who open its address. Raises NotFound."""
    name = request.match_info["name"]
    if name not in KINDS:
        raise NotFound(f"There is no problem {name}.")
    kind = KINDS[name]
    told = Problem(f"/problems/{name}", kind.title, kind.status, kind.meaning)
    return page(request, "problem.html", {"problem": told})


def wants_page(request: web.Request) -> bool:
    """Whether a browser asked for a page, rather than a program for data."""
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", "")
