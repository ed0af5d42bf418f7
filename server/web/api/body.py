"""The body of a request: limited in size, also when unpacked, and decoded."""

import zlib
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.http import HttpProcessingError

from firmware.wire.errors import WireError
from server.errors import BadInput
from server.ingest import foreign
from server.web.errors import TooLarge, WrongEncoding, WrongMediaType

MAX_BYTES = 1024 * 1024  # as sent, and again when unpacked
GZIP = 31  # zlib's number for the largest window, with gzip's header and checksum


async def read(request: web.Request, kind: Any) -> tuple[bytes, Any]:
    """The unpacked bytes and what they decode to.

    Raises BadInput, TooLarge, WrongEncoding and WrongMediaType.
    """
    if not is_json(request.content_type):
        raise WrongMediaType
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise WrongEncoding
    data = await _sent(request)
    if encoding != "identity":
        data = unpack(data)
    if kind is Any:
        return data, free(data)
    return data, checked(lambda: msgspec.json.decode(data.removeprefix(foreign.BOM), type=kind))


def is_json(media: str) -> bool:
    """Whether a media type is JSON, as application/json or application/cloudevents+json."""
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


def free(data: bytes) -> object:
    """JSON of any shape, read as leniently as that of MQTT."""
    try:
        return foreign.parse(data)
    except WireError as error:
        raise BadInput("", f"The body is {error}.") from error


async def _sent(request: web.Request) -> bytes:
    try:
        return await request.read()
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise BadInput("", "The body ended early, or its chunks are broken.") from error


def unpack(data: bytes) -> bytes:
    """The unpacked bytes of one or more members of gzip. Raises BadInput, and TooLarge beyond 1 MiB."""
    whole = bytearray()
    while True:
        member = zlib.decompressobj(wbits=GZIP)
        try:
            whole += member.decompress(data, MAX_BYTES + 1 - len(whole))
        except zlib.error as error:
            raise BadInput("", f"The body is no gzip: {error}.") from error
        if len(whole) > MAX_BYTES:
            raise TooLarge
        if not member.eof:
            raise BadInput("", "The body is no gzip: it ends too early.")
        data = member.unused_data
        if not data:
            return bytes(whole)


def checked(read: Callable[[], Any]) -> Any:
    """The result of `read`. Raises BadInput for what msgspec refuses."""
    try:
        return read()
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at ")
        raise BadInput(place.strip("`$."), f"{text}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput("", f"The body is no JSON: {error}.") from error
    except RecursionError as error:
        raise BadInput("", "The body is nested too deeply.") from error
