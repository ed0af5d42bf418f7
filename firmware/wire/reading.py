"""Reads the messages of boards: the half of the contract that only the edge needs.

A message that breaks BW-1 raises WireError, never another exception.
"""

import json

from firmware.wire.command import MAX_RESULT, is_id
from firmware.wire.errors import WireError
from firmware.wire.event import (
    FIELDS,
    KINDS,
    MAX_INT,
    MAX_TEXT,
    NTP,
    Event,
    check_fields,
    is_kind,
    is_text,
)  # fmt: skip
from firmware.wire.frame import MAX_EPOCH, MAX_SEQ, REASONS, VERSION, Lost, Up
from firmware.wire.state import FIELDS as FACTS
from firmware.wire.state import MAX_TAKEN as MAX_STATE
from firmware.wire.topics import LEAVES, ROOT, is_name

WORDS = ("firmware", "reset", "mode", "trouble")  # facts that are texts; all others are numbers
MAX_DEPTH = 6  # of a result; only settings nest


def topic(text: str) -> tuple[str, str, str]:
    """Site, device and leaf of a topic. Raises WireError for any other topic."""
    parts = text.split("/")
    if len(parts) != 4 or parts[0] != ROOT:
        raise WireError("topic is not bw1/<site>/<device>/<leaf>")
    if not is_name(parts[1]) or not is_name(parts[2]):
        raise WireError("site and device are 1 to 32 of a-z, 0-9 and -, not - first")
    if parts[3] not in LEAVES:
        raise WireError("unknown leaf of a topic")
    return parts[1], parts[2], parts[3]


# --- up


def event(record: object) -> Event:
    """The event of a decoded record (the array, as a list). Raises WireError when it breaks BW-1."""
    if not isinstance(record, list) or len(record) != 6:
        raise WireError("an event is an array of 6")
    kind, packed, boot, uptime_ms, at, quality = record
    kind = _named(kind, KINDS)
    if not is_kind(kind):
        raise WireError("kind is 1 to 48 of a-z, 0-9, . _ and -, a letter first")
    if not isinstance(packed, dict):
        raise WireError("fields are a map")
    fields = {_named(name, FIELDS): value for name, value in packed.items()}
    if len(fields) != len(packed):
        raise WireError("a field is named twice")
    check_fields(fields)
    for number in (boot, uptime_ms, at, quality):
        if type(number) is not int or not 0 <= number < MAX_INT:
            raise WireError("boot, uptime, time and quality are whole numbers, not below 0")
    if quality > NTP:
        raise WireError("quality is 0 to 3")
    return Event(kind, fields, boot, uptime_ms, at, quality)


def _named(word: object, words: tuple[str, ...]) -> str:
    if isinstance(word, str):
        return word
    if type(word) is int and 0 <= word < len(words):
        return words[word]
    raise WireError("a word is a text or its number in the list")


def frame(body: object) -> Up | Lost:
    """The message of a decoded frame (the array, as a list). Raises WireError when it breaks BW-1."""
    if not isinstance(body, list) or len(body) != 6:
        raise WireError("a frame is an array of 6")
    version, epoch, first, fourth, fifth, sixth = body
    if type(version) is not int or version != VERSION:
        raise WireError("version is 1")
    if type(epoch) is not int or not 0 < epoch < MAX_EPOCH:
        raise WireError("epoch is a whole number above 0, below 2^32")
    if type(first) is not int or not 0 < first < MAX_SEQ:
        raise WireError("seq is a whole number from 1, below 2^53")
    if isinstance(fourth, list):
        return Up(epoch, first, _records(first, fourth), _count(fifth), _count(sixth))
    if type(fourth) is not int or not first <= fourth < MAX_SEQ:
        raise WireError("the body is a list of records, or the last seq that is lost")
    if fifth not in REASONS:
        raise WireError("reason is trimmed, corrupt or refused")
    if sixth is not None and not isinstance(sixth, bytes):
        raise WireError("a refused event is given as its bytes")
    return Lost(epoch, first, fourth, fifth, sixth)


def _records(first: int, body: list[object]) -> list[bytes]:
    if not body:
        raise WireError("a frame has one event at least")
    if first + len(body) >= MAX_SEQ:
        raise WireError("seq stays below 2^53")
    records = []
    for record in body:
        if not isinstance(record, bytes):
            raise WireError("a record is a binary")
        records.append(record)
    return records


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < MAX_SEQ:
        raise WireError("boot and uptime are whole numbers, not below 0")
    return value


# --- state


def state(payload: bytes) -> dict[str, object] | None:
    """The facts of an online board, None for an offline one. Raises WireError for other messages."""
    if len(payload) > MAX_STATE:
        raise WireError("a state is at most 4,096 bytes")
    try:
        body = json.loads(payload)
        online = body["online"]
    except (ValueError, KeyError, TypeError, RuntimeError):  # RuntimeError: nested too deeply
        raise WireError("no state: JSON with online")
    if online is False:
        return None
    if online is not True:
        raise WireError("no state: online is true or false")
    facts: dict[str, object] = {}
    for name in FACTS:
        value = body.get(name)
        if name in WORDS:
            if isinstance(value, str) and is_text(value):
                facts[name] = value[:64]
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if -MAX_INT < value < MAX_INT:  # which NaN is not
                facts[name] = value
    return facts


# --- res


class Result:
    """The answer to a command. id: of the command. result: what it gave, None when it was refused or failed.

    error: a code that programs may compare, None for a command that was carried out. text: its sentence.
    """

    def __init__(
        self,
        id: str,  # noqa: A002
        result: dict[str, object] | None,
        error: str | None = None,
        text: str | None = None,
    ):
        self.id = id
        self.result = result
        self.error = error
        self.text = text


def result(payload: bytes) -> Result:
    """The answer in a message; everything in it can be shown. Raises WireError."""
    try:
        body = json.loads(payload) if len(payload) <= MAX_RESULT else None
    except (ValueError, RuntimeError):  # RuntimeError: nested too deeply
        body = None
    if not isinstance(body, dict):
        raise WireError("a res is one JSON object of at most 4,096 bytes")
    if not is_id(body.get("id")):
        raise WireError("id: a text of 1 to 32 characters")
    if body.get("ok") is True:
        return Result(body["id"], _told(body.get("result", {})))
    error, text = body.get("error"), body.get("text", "")
    if body.get("ok") is not False or not isinstance(error, str) or not is_name(error):
        raise WireError("a res is ok, or has an error: 1 to 32 of a-z, 0-9 and -")
    if not isinstance(text, str) or not is_text(text):
        raise WireError("text: at most 256 characters, none of control")
    return Result(body["id"], None, error, text)


class LogLines:
    """The answer to the command `log`.

    boot: the number of the board's start to which the lines belong. first, last: numbers of the first line
    here and of the last one that the board has, from 1. lines: uptime_ms, level and text of each.
    """

    def __init__(self, boot: int, first: int, last: int, lines: list[tuple[int, str, str]]):
        self.boot = boot
        self.first = first
        self.last = last
        self.lines = lines


def log(result: object) -> LogLines:
    """The lines in the result of a `log`. Raises WireError for any other result."""
    try:
        boot, first, last, lines = [result[name] for name in ("boot", "first", "last", "lines")]  # type: ignore[index]
        numbers = all(type(number) is int and number >= 0 for number in (boot, first, last))
        if numbers and all([type(part) for part in line] == [int, str, str] for line in lines):
            return LogLines(boot, first, last, [tuple(line) for line in lines])
    except (TypeError, KeyError):
        pass
    raise WireError("a log is boot, first, last and lines of uptime, level and text")


def _told(value: object) -> dict[str, object]:
    if not isinstance(value, dict) or not _is_plain(value, MAX_DEPTH):
        raise WireError("result: an object of texts without controls and numbers within 2^53")
    return value


def _is_plain(value: object, depth: int) -> bool:
    """Whether a value can be shown as it is: on a terminal, on a page, as JSON again."""
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, str):
        return all(is_text(value[at : at + MAX_TEXT]) for at in range(0, len(value), MAX_TEXT))
    if isinstance(value, (int, float)):
        return -MAX_INT < value < MAX_INT  # which NaN is not
    if depth == 0:
        return False
    if isinstance(value, dict):
        return all(_is_plain(each, depth - 1) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(_is_plain(each, depth - 1) for each in value)
    return False
