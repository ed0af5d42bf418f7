"""The parameters of a request; the error of a wrong one says its name and what it may be."""

from functools import cache
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from server.errors import BadInput

Kind = TypeVar("Kind", bound=msgspec.Struct)

Schema = dict[str, Any]  # JSON Schema, and the OpenAPI objects around it


def read(request: web.Request, kind: type[Kind]) -> Kind:
    """The parameters as a value of `kind`; those that are empty count as left out. Raises BadInput."""
    given, allowed = request.query, kind.__struct_fields__
    for name in given:
        if name not in allowed:
            there = f"there are: {', '.join(allowed)}" if allowed else "there are none here"
            raise BadInput(name, f"{name} is no parameter; {there}.")
        if len(given.getall(name)) > 1:
            raise BadInput(name, f"{name} is there twice; give it once.")
    try:
        return msgspec.convert({name: value for name, value in given.items() if value}, kind, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("`$.")[2].strip("`")
        raise BadInput(name, f"{name} is {means(kind)[name]}.") from error


@cache
def means(kind: type[msgspec.Struct]) -> dict[str, str]:
    """By parameter: its allowed values, in words."""
    _, found = msgspec.json.schema_components([kind])
    return {name: _words(schema) for name, schema in found[kind.__name__]["properties"].items()}


def _words(schema: Schema) -> str:
    one = next(part for part in schema.get("anyOf", [schema]) if part.get("type") != "null")
    if "enum" in one:
        return f"one of: {', '.join(word for word in one['enum'] if word is not None)}"
    if one["type"] == "boolean":
        return "true or false"
    if one["type"] == "integer":
        unit = f", in {one['description']}" if "description" in one else ""
        return f"a whole number from {one['minimum']} to {one['maximum']}{unit}"
    return (
        f"a text of {one.get('minLength', 0)} to {one['maxLength']} characters"
        if "maxLength" in one
        else "a text"
    )
