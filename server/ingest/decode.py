"""Bytes of a message to values; every surprise becomes a WireError."""

from collections.abc import Callable
from functools import lru_cache
from math import isfinite
from typing import Annotated, Any

import msgpack
import msgspec
from msgspec import Meta

from firmware.wire import event, frame, reading
from firmware.wire.errors import WireError

MAX_UP = frame.MAX_TAKEN
MAX_JSON = 65_536  # bytes of one MQTT message
MAX_OBJECTS = 1000
RESERVED = ("kind", "id", "at")
LOST = "device.lost"

WORDS = 4096  # kinds that are remembered, and as many names of fields; they come from outside

is_kind = lru_cache(WORDS)(event.is_kind)

_Count = Annotated[int, Meta(ge=0, lt=event.MAX_INT)]
_Quality = Annotated[int, Meta(ge=0, le=event.NTP)]
_Whole = Annotated[int, Meta(gt=-event.MAX_INT, lt=event.MAX_INT)]
_Text = Annotated[str, Meta(max_length=event.MAX_TEXT)]
_Fields = Annotated[dict[int | str, _Whole | _Text | float | bool | None], Meta(max_length=event.MAX_FIELDS)]
_RECORD = msgspec.msgpack.Decoder(tuple[int | str, _Fields, _Count, _Count, _Count, _Quality])


Fields = dict[str, Any]  # of an event: texts, numbers, booleans and null by name


class Taken(msgspec.Struct):
    """An event that keeps all rules; as firmware.wire.event.Event, but made faster.

    kind: as `order.placed`. fields: with the customer. boot: how often the board had started. uptime_ms:
    since that start. at: the board's clock, ms since 1970 UTC, 0 when it had none; the time itself in a
    posted event. quality: of that clock, an index of wire.event.QUALITIES.
    """

    kind: str
    fields: Fields
    boot: int
    uptime_ms: int
    at: int
    quality: int


class KnownNames(dict[int | str, str]):
    """Words of messages to the names that they stand for; `judge` gives one, or raises WireError."""

    def __init__(self, judge: Callable[[int | str], str]) -> None:
        super().__init__()
        self._judge = judge

    def __missing__(self, word: int | str) -> str:
        name = self._judge(word)
        if len(self) < WORDS:
            self[word] = name
        return name


def up(payload: bytes) -> frame.Up | frame.Lost:
    """The message in an `up` payload. Raises WireError."""
    if len(payload) > frame.MAX_TAKEN:
        raise WireError("a frame is at most 4,096 bytes")
    return reading.frame(_unpack(payload))


def epoch(payload: bytes) -> int | None:
    """The epoch that a frame names, however bad the rest of it is; None when it cannot be read."""
    unpacker = msgpack.Unpacker(max_buffer_size=2 * frame.MAX_TAKEN)
    try:
        unpacker.feed(payload[: frame.MAX_TAKEN])
        unpacker.read_array_header()
        unpacker.skip()
        found = unpacker.unpack()
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException):
        return None
    return found if type(found) is int and 0 < found < frame.MAX_EPOCH else None


def record(data: bytes) -> Taken:
    """The event in a record. Raises WireError.

    A record that is plainly right is taken at once; others are judged by the wire's own rules, which say why.
    """
    try:
        kind, packed, boot, uptime_ms, at, quality = _RECORD.decode(data)
        fields: dict[str, object] = {_fields[name]: value for name, value in packed.items()}
        if len(fields) == len(packed) and _are_plain(fields):
            return Taken(_kinds[kind], fields, boot, uptime_ms, at, quality)
    except (ValueError, RecursionError):  # WireError among them
        pass
    found = reading.event(_unpack(data))
    check_kind(found.kind)
    return Taken(found.kind, found.fields, found.boot, found.uptime_ms, found.at, found.quality)


def _kind(word: int | str) -> str:
    kind = _word(word, event.KINDS)
    check_kind(kind)
    if not event.is_kind(kind):
        raise WireError("no kind")
    return kind


def _field(word: int | str) -> str:
    name = _word(word, event.FIELDS)
    if not event.is_field(name):
        raise WireError("no field")
    return name


def _word(word: int | str, words: tuple[str, ...]) -> str:
    if isinstance(word, str):
        return word
    if not 0 <= word < len(words):
        raise WireError("no word")
    return words[word]


def _are_plain(fields: dict[str, object]) -> bool:
    """Whether values of right types and sizes are right without a closer look."""
    for value in fields.values():
        if type(value) is int:
            continue
        if isinstance(value, str):
            if not value.isprintable():
                return False
        elif isinstance(value, float) and not isfinite(value):
            return False
    customer = fields.get("customer", "?")
    return isinstance(customer, str) and customer != ""


def check_kind(kind: str) -> None:
    if kind == LOST:
        raise WireError("kind: device.lost is the edge's own word")


def _unpack(data: bytes) -> object:
    try:
        return msgpack.unpackb(data, strict_map_key=False, max_ext_len=0)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise WireError("no msgpack") from error


_kinds, _fields = KnownNames(_kind), KnownNames(_field)
