"""Reads the form that a page posts."""

from aiohttp import web
from multidict import MultiDictProxy

from server.errors import BadInput
from server.web.errors import WrongMediaType


async def posted(request: web.Request) -> "MultiDictProxy[str | bytes | bytearray | web.FileField]":
    """The fields of a form without files, so all of them are texts. Raises BadInput."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise WrongMediaType
    try:
        return await request.post()
    except (UnicodeDecodeError, LookupError, ValueError) as error:
        raise BadInput("", "The form is no text.") from error
