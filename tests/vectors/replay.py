"""Makes the recorded messages again; runs on CPython and on MicroPython.

    messages.json: [{"name", "make": [function, argument, ...], "made"}, ...]

`made` is hex, or the error. Maps are lists of pairs, because MicroPython keeps no order.
"""

import json

from firmware import segment
from firmware.wire import ack, command, event, frame, reading, state, topics
from firmware.wire.errors import WireError


def _event(kind, pairs, boot, uptime_ms, at, quality):
    return event.encode(event.Event(kind, dict(pairs), boot, uptime_ms, at, quality))


def _up(epoch, first, records, boot, uptime_ms):
    records = [bytes.fromhex(record) for record in records]
    return frame.encode(frame.Up(epoch, first, records, boot, uptime_ms))


def _lost(epoch, first, last, reason, payload):
    payload = None if payload is None else bytes.fromhex(payload)
    return frame.encode_lost(frame.Lost(epoch, first, last, reason, payload))


def _ack(epoch, acked, now, win, want, err):
    return ack.encode(ack.Ack(epoch, acked, now, win, want, err))


def _read_ack(text):
    found = ack.decode(text.encode())
    parts = (found.epoch, found.acked, found.now, found.win, found.want, found.err)
    return repr(parts).encode()


def _command(id, name, until, pairs):  # noqa: A002
    return command.encode(command.Command(id, name, until, dict(pairs)))


def _read_command(text):
    found = command.decode(text.encode())
    return repr((found.id, found.name, found.until, sorted(found.arguments.items()), found.wrong)).encode()


def _done(id, pairs):  # noqa: A002
    return command.done(id, dict(pairs))


def _read_result(text):
    found = reading.result(text.encode())
    return repr((found.id, sorted((found.result or {}).items()), found.error, found.text)).encode()


def _state(pairs):
    return state.encode(dict(pairs))


def _record(seq, data):
    return segment.pack(seq, bytes.fromhex(data))


MAKERS = {
    "event": _event,
    "up": _up,
    "lost": _lost,
    "ack": _ack,
    "read_ack": _read_ack,
    "command": _command,
    "read_command": _read_command,
    "done": _done,
    "refused": command.refused,
    "read_result": _read_result,
    "state": _state,
    "record": _record,
    "topic": lambda *parts: topics.topic(*parts).encode(),
    "segment_name": lambda epoch, first: segment.name(epoch, first).encode(),
}


def made(message) -> str:
    """What the code makes of a message now: hex, or the reason of its error."""
    what = message["make"]
    try:
        return MAKERS[what[0]](*what[1:]).hex()
    except WireError as error:
        return "error: " + error.reason


def main(path: str) -> None:
    """Print each message's name and what is made of it."""
    with open(path) as file:  # noqa: PTH123 - MicroPython has no pathlib
        messages = json.load(file)
    for message in messages:
        print(message["name"] + "\t" + made(message))
