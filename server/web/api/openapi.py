"""The OpenAPI 3.1 document, made from the endpoints themselves."""

import re
from typing import Any

import msgspec
from aiohttp import web

from server import __version__
from server.web.api import (
    audit,
    commands,
    customers,
    devices,
    events,
    export,
    findings,
    live,
    mails,
    rankings,
    rejects,
    site,
    sync,
    tokens,
    totals,
    users,
)
from server.web.api.endpoint import Endpoint
from server.web.api.parameters import Schema
from server.web.errors import KINDS
from server.web.problems import JSON, Problem

NOUNS = (
    events, export, rankings, totals, devices, commands, customers, mails, rejects, findings, sync, live,
    tokens, users, audit, site,
)  # fmt: skip
ENDPOINTS: list[Endpoint] = [endpoint for noun in NOUNS for endpoint in noun.ENDPOINTS]
REF = "#/components/schemas/{name}"


def document() -> Schema:
    """The whole document, as JSON values."""
    answers = [endpoint.answer for endpoint in ENDPOINTS if endpoint.answer is not None]
    bodies = [one.body for one in ENDPOINTS if one.body not in (None, Any)]
    _, schemas = msgspec.json.schema_components(
        [*answers, *bodies, events.Foreign, Problem], ref_template=REF
    )
    paths: dict[str, Schema] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    bearer = {"type": "http", "scheme": "bearer", "description": "boardwalk token add NAME --scope read"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Boardwalk",
            "version": __version__,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": bearer}},
    }


async def tell(request: web.Request) -> web.Response:
    """GET /api/openapi.json."""
    return web.json_response(document())


def _operation(endpoint: Endpoint) -> Schema:
    noun = endpoint.noun
    operation: Schema = {
        "summary": endpoint.summary,
        "description": f"{endpoint.handle.__doc__} Needs the scope {endpoint.scope}.",
        "operationId": f"{noun}_{endpoint.handle.__name__}",
        "tags": [noun],
        "parameters": [*_in_path(endpoint.path), *_in_query(endpoint), *_in_headers(endpoint)],
        "responses": {str(endpoint.status): _answer(endpoint), **_problems(endpoint)},
    }
    if endpoint.answer is None and not endpoint.media:
        operation["responses"]["204"] = {"description": "Done"}
        del operation["responses"][str(endpoint.status)]
    if endpoint.body is not None:
        content = {"application/json": {"schema": _body(endpoint)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _answer(endpoint: Endpoint) -> Schema:
    if endpoint.answer is None:
        return {"description": "A stream", "content": {endpoint.media: {"schema": {"type": "string"}}}}
    schema = {"$ref": REF.format(name=endpoint.answer.__name__)}
    content: Schema = {"application/json": {"schema": schema}}
    if "format" in endpoint.query.__struct_fields__:
        content["text/csv"] = {"schema": {"type": "string"}}
    return {"description": "The answer", "content": content}


def _body(endpoint: Endpoint) -> Schema:
    if endpoint.body is not Any:
        return {"$ref": REF.format(name=endpoint.body.__name__)}
    one = {"$ref": REF.format(name=events.Foreign.__name__)}
    return {"oneOf": [one, {"type": "array", "items": one}]}


def _in_path(path: str) -> list[Schema]:
    names = re.findall(r"{(\w+)}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _in_query(endpoint: Endpoint) -> list[Schema]:
    _, schemas = msgspec.json.schema_components([endpoint.query], ref_template=REF)
    found = schemas[endpoint.query.__name__]["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in found.items()]


def _in_headers(endpoint: Endpoint) -> list[Schema]:
    found = dict(endpoint.headers)
    if endpoint.body is not None:
        found["Content-Encoding"] = ("How the body is packed.", {"type": "string", "enum": ["gzip"]})
    return [
        {"name": name, "in": "header", "description": text, "schema": schema}
        for name, (text, schema) in found.items()
    ]


def _problems(endpoint: Endpoint) -> Schema:
    titles: dict[int, list[str]] = {}
    for name, kind in KINDS.items():
        if name in endpoint.may_answer:
            titles.setdefault(kind.status, []).append(kind.title)
    schema = {"schema": {"$ref": REF.format(name=Problem.__name__)}}
    return {
        str(status): {"description": "; or: ".join(titles[status]), "content": {JSON: schema}}
        for status in sorted(titles)
    }
