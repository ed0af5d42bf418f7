"""Reads what a board answers to a command: the `res` message, see `command`."""

import json

from firmware.wire.command import MAX_RESULT, is_id
from firmware.wire.errors import WireError
from firmware.wire.event import MAX_INT, MAX_TEXT, is_text
from firmware.wire.topics import is_name

MAX_DEPTH = 6  # settings nest, and nothing else does


class Result:
    """id: of the command. result: what it gave, None when it was refused or failed.

    error: then a code that programs may compare. text: then a sentence.
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


def decode(payload: bytes) -> Result:
    """The result in a message, with nothing in it that could not be shown. Raises WireError."""
    try:
        body = json.loads(payload) if len(payload) <= MAX_RESULT else None
    except (ValueError, RuntimeError):  # RuntimeError: nested too deeply
        body = None
    if not isinstance(body, dict):
        raise WireError("a res is one JSON object of at most 4,096 bytes")
    if not is_id(body.get("id")):
        raise WireError("id: a text of 1 to 32 characters")
    if body.get("ok") is True:
        return Result(body["id"], _result(body.get("result", {})))
    error, text = body.get("error"), body.get("text", "")
    if body.get("ok") is not False or not isinstance(error, str) or not is_name(error):
        raise WireError("a result is ok, or has an error: 1 to 32 of a-z, 0-9 and -")
    if not isinstance(text, str) or not is_text(text):
        raise WireError("text: at most 256 characters, none of control")
    return Result(body["id"], None, error, text)


def _result(value: object) -> dict[str, object]:
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
