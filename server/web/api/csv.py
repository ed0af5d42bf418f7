"""Lists as tables for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence

import msgspec
from aiohttp import web

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def response(rows: Sequence[object], path: str) -> web.Response:
    """A file to download, with a line of names first."""
    name = path.rstrip("/").rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return web.Response(text=text(rows), content_type="text/csv", headers=headers)


def text(rows: Sequence[object]) -> str:
    """The table of rows (Structs or dataclasses); maps and lists are JSON in their cell."""
    built = [msgspec.to_builtins(row) for row in rows]
    return _text(([built[0]] if built else []) + [row.values() for row in built])


def head(kind: type[msgspec.Struct]) -> bytes:
    """The line of names of a table of `kind`."""
    return _text([kind.__struct_fields__]).encode()


def lines(rows: Sequence[object]) -> bytes:
    """The lines of rows, without the names."""
    return _text([msgspec.to_builtins(row).values() for row in rows]).encode()


def _text(table: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([_cell(value) for value in row] for row in table)
    return out.getvalue()


def _cell(value: object) -> object:
    """A value as a cell: boards choose these texts, and none may become a formula on somebody's computer."""
    if isinstance(value, (dict, list)):
        value = msgspec.json.encode(value).decode()
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value
