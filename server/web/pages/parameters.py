"""The parameters in the address of a page: checked, with one sentence for a wrong one."""

from collections.abc import Sequence

from aiohttp import web

from server.errors import BadInput

MOST = (1 << 63) - 1
LONGEST = 256  # characters of a name


def choice(request: web.Request, field: str, options: Sequence[str], default: str) -> str:
    """One of some words. Raises BadInput."""
    found = request.query.get(field, "") or default
    if found not in options:
        raise BadInput(field, f"{field} is one of: {', '.join(options)}.")
    return found


def number(request: web.Request, field: str) -> int | None:
    """A whole number from 0, None when it is left out. Raises BadInput."""
    text = request.query.get(field, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= MOST):
        raise BadInput(field, f"{field} is a whole number from 0 on.")
    return int(text)


def text(request: web.Request, field: str) -> str:
    """A text to look for, "" for none. Raises BadInput."""
    found = request.query.get(field, "").strip()
    if len(found) > LONGEST:
        raise BadInput(field, f"{field} has at most {LONGEST} characters, as names have.")
    return found
