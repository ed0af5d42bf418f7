"""Commands of the edge to a board, and their answers: small JSON objects.

    cmd: {"id": text, "do": name, "until": ms since 1970 UTC, "with": object or absent}
    res: {"id": text, "ok": true, "result": object}
         {"id": text, "ok": false, "error": code, "text": sentence}

A `res` is read by `reading`, which boards need not load.
"""

import json

from firmware.wire.errors import WireError
from firmware.wire.event import MAX_INT, is_text
from firmware.wire.topics import is_name

MAX_COMMAND = 512  # bytes
MAX_RESULT = 4096  # bytes
MAX_ID = 32

READS = ("log", "settings", "status")  # they change nothing, so a repeat is read again

MALFORMED, UNKNOWN, LATE, NO_CLOCK = "malformed", "unknown-command", "late", "no-clock"
BAD_ARGUMENTS, FAILED = "bad-arguments", "failed"


class Command:
    """A command. id: 1 to 32 characters; the same id is the same command. name: what to do, as `identify`.

    until: when it is too late to do it, ms since 1970 UTC. arguments: by name.
    wrong: a sentence why it cannot be taken though its id is known, else None.
    """

    def __init__(self, id: str, name: str, until: int, arguments: dict[str, object]):  # noqa: A002
        self.id = id
        self.name = name
        self.until = until
        self.arguments = arguments
        self.wrong: str | None = None
        if not isinstance(name, str) or not is_name(name):
            self.wrong = "do: the name of a command, 1 to 32 of a-z, 0-9 and -"
        elif type(until) is not int or not 0 <= until < MAX_INT:
            self.wrong = "until: ms since 1970 UTC, a whole number"
        elif not isinstance(arguments, dict):
            self.wrong = "with: an object"


def is_id(value: object) -> bool:
    """Whether `value` may be the id of a command."""
    return isinstance(value, str) and 0 < len(value) <= MAX_ID and is_text(value)


def encode(command: Command) -> bytes:
    """The bytes of a command. Raises WireError when it is wrong or would be over 512 bytes."""
    if command.wrong:
        raise WireError(command.wrong)
    text = '{"id":%s,"do":%s,"until":%d' % (json.dumps(command.id), json.dumps(command.name), command.until)
    if command.arguments:
        text += ',"with":' + json.dumps(command.arguments)
    return _bounded(text, MAX_COMMAND)


def decode(payload: bytes) -> Command:
    """The command in a message; it may be `wrong`. Raises WireError when it has not even an id."""
    try:
        body = json.loads(payload) if len(payload) <= MAX_COMMAND else None
    except (ValueError, RuntimeError):  # RuntimeError: nested too deeply
        body = None
    if not isinstance(body, dict) or not is_id(body.get("id")):
        raise WireError("a command is one JSON object of at most 512 bytes, with an id")
    return Command(body["id"], body.get("do", ""), body.get("until", -1), body.get("with", {}))


def done(id: str, result: dict[str, object]) -> bytes:  # noqa: A002
    """The bytes of the answer to a command that was carried out. Raises WireError over 4,096 bytes."""
    return _bounded('{"id":%s,"ok":true,"result":%s' % (json.dumps(id), json.dumps(result)), MAX_RESULT)


def refused(id: str, code: str, text: str) -> bytes:  # noqa: A002
    """The bytes of the answer to a command that was refused or failed."""
    facts = (json.dumps(id), json.dumps(code), json.dumps(text))
    return _bounded('{"id":%s,"ok":false,"error":%s,"text":%s' % facts, MAX_RESULT)


def _bounded(text: str, most: int) -> bytes:
    data = (text + "}").encode()
    if len(data) > most:
        raise WireError("a message of this kind is at most %d bytes" % most)
    return data
