"""An endpoint as a value: its route, its checks and its part of the OpenAPI document come from it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from server.web.access.caller import Caller, require
from server.web.api import body, csv, parameters
from server.web.api.parameters import Schema
from server.web.parts import PARTS, Parts
from server.web.reads import READS

Id = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Moment = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1, description="ms since 1970 UTC")]
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]


@dataclass(frozen=True)
class Call:
    """A request that may be carried out.

    request: of aiohttp. caller: has the endpoint's scope. query, body: of the endpoint's types, None where
    it has none. data: the body's bytes, unpacked.
    """

    request: web.Request
    caller: Caller
    query: Any = None
    body: Any = None
    data: bytes = b""

    @property
    def parts(self) -> Parts:
        """The parts that the wiring handed to the web floor."""
        return self.request.app[PARTS]

    def named(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]


class Query(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Parameters of a request; those with an empty value count as left out."""


class Listing(Query):
    """Parameters of every list. format: csv for spreadsheets."""

    format: Literal["json", "csv"] = "json"


class Paging(Listing):
    """Parameters of a list with pages. after: `next` of the page before. limit: how many rows at most."""

    after: Id | None = None
    limit: Limit = 100


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the interface.

    method, path, summary: as documented. handle: carries a request out; its docstring is documented too.
    scope: what a caller needs. query: the type of its parameters. body: the type of its body, None for no
    body. answer: the type of the answer, None for an empty one (204); a handler may answer by itself, as a
    stream does. status: the HTTP status of an answer. media: the type of a stream, "" for JSON. headers: the
    ones that it reads, each with its description and JSON schema. problems: kinds of problems that it may be
    answered with, beside those that follow from the rest (`may_answer`).
    """

    method: str
    path: str
    handle: Callable[[Call], Awaitable[Any]]
    scope: str
    summary: str
    query: type[Query] = Query
    body: Any = None
    answer: Any = None
    status: int = 200
    media: str = ""
    headers: Mapping[str, tuple[str, Schema]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Check the caller, read the request, carry it out and answer it."""
        caller = require(request, self.scope)
        query = parameters.read(request, self.query)
        data, read = await body.read(request, self.body) if self.body is not None else (b"", None)
        answer = await self._carry_out(Call(request, caller, query, read, data))
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is None:
            return web.Response(status=204)
        if wants_csv(request, query):
            return csv.response(answer.rows, request.path, request.app[PARTS].settings.zone)
        data = msgspec.json.encode(answer)
        return web.Response(body=data, status=self.status, content_type="application/json")

    @property
    def may_answer(self) -> frozenset[str]:
        """The kinds of problems that it may be answered with (web.errors.KINDS)."""
        found = {"sign-in-needed", "refused", "too-many", "bad-input", *self.problems}
        found |= {"too-large", "media-type", "content-encoding"} if self.body is not None else set()
        found |= {"store-full"} if self.method != "GET" else set()
        return frozenset(found)

    @property
    def noun(self) -> str:
        """The subject of its path, as `rankings`."""
        return self.path.split("/")[3].partition(".")[0]

    async def _carry_out(self, call: Call) -> Any:
        if self.method != "GET" or self.media:
            return await self.handle(call)
        with call.request.app[READS].of(self.noun):
            return await self.handle(call)


def wants_csv(request: web.Request, query: Query) -> bool:
    """Whether a list is asked for as a table."""
    return hasattr(query, "format") and (
        query.format == "csv" or request.headers.get("Accept", "").startswith("text/csv")
    )


def break_off(request: web.Request) -> None:
    """End the connection without an end of the answer, so that a part of it does not look like the whole."""
    if request.transport is not None:
        request.transport.abort()
