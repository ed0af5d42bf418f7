"""Lists as tables that a spreadsheet opens rightly: all CSV is made here.

A table is UTF-8 with a byte order mark, or Excel takes `José` for something else. Lines end with CRLF (RFC
4180). Beside each moment in ms there is a column `..._local`, as `2026-11-27 14:03:05` on the site's clock.
No text of a board, a customer or a program becomes a formula, wherever a spreadsheet splits the lines.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from server.words import LATEST_AT, wall_clock

BOM = "\ufeff"
MOMENTS = ("at", "since", "until")  # and all names that end in _at
# A cell of another program begins where the text does, or behind what it takes for a separator or a quote.
_BEGIN = r"[,;|\"\t\r\n]"
_UNSEEN = r"[\x00-\x20\x7f-\xa0\s\u200b-\u200f\u2060\ufeff]*"  # what it may drop in front of a formula
_SIGN = r"=+\-@＝＋－＠"
_OPENED = re.compile(rf"(^|{_BEGIN})(?={_UNSEEN}[{_SIGN}\t\r])")
_OPENED_IN_JSON = re.compile(rf"({_BEGIN}{_UNSEEN})([{_SIGN}])")
_JSON_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_SIGNED = re.compile(rf"[{_SIGN}\t\r]")  # most texts have none of them, so this saves time


def response(rows: Sequence[object], path: str, zone: ZoneInfo) -> web.Response:
    """A file to download, with a line of names first. zone: of the site."""
    name = path.rstrip("/").rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return web.Response(text=text(rows, zone), content_type="text/csv", headers=headers)


def text(rows: Sequence[object], zone: ZoneInfo) -> str:
    """The table of rows (Structs or dataclasses); maps and lists are JSON in their cell."""
    built = [msgspec.to_builtins(row) for row in rows]
    return BOM + _text([_names(built[0]), *(_values(row, zone) for row in built)]) if built else ""


def head(kind: type[msgspec.Struct]) -> bytes:
    """The beginning of a table of `kind`: the byte order mark, and the line of names."""
    return (BOM + _text([_names(kind.__struct_fields__)])).encode()


def lines(rows: Sequence[object], zone: ZoneInfo) -> bytes:
    """The lines of rows (Structs, dataclasses or maps), without the names."""
    return _text(_values(msgspec.to_builtins(row), zone) for row in rows).encode()


def _is_moment(name: str) -> bool:
    return name in MOMENTS or name.endswith("_at")


def _names(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield name
        if _is_moment(name):
            yield f"{name}_local"


def _values(row: Mapping[str, object], zone: ZoneInfo) -> Iterator[object]:
    for name, value in row.items():
        yield value
        if _is_moment(name):  # 0 stands for no time, and no calendar has later ones
            yield wall_clock(value, zone) if isinstance(value, int) and 0 < value <= LATEST_AT else ""


def _text(table: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in table)
    return out.getvalue()


def _cell(value: object) -> object:
    """A value as a cell: boards choose these texts, and none may become a formula on somebody's computer."""
    if isinstance(value, (dict, list)):
        json = msgspec.json.encode(value).decode()
        return _JSON_TEXT.sub(_harmless, json) if _SIGNED.search(json) else json
    return _OPENED.sub(r"\1'", value) if isinstance(value, str) and _SIGNED.search(value) else value


def _harmless(found: re.Match[str]) -> str:
    """A text in JSON, with its signs as escapes: the JSON still says the same."""
    return _OPENED_IN_JSON.sub(lambda sign: f"{sign[1]}\\u{ord(sign[2]):04x}", found[0])
