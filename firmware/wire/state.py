"""What a board tells about itself: the retained `state` message, and the will that replaces it."""

import json

from firmware.wire.errors import WireError
from firmware.wire.event import MAX_INT, is_text

OFFLINE = b'{"online":false}'  # the will, and the last word of a board that goes away on purpose
MAX_TAKEN = 4096  # bytes
FIELDS = (
    "epoch", "boot", "uptime_ms", "firmware", "reset", "heap_free", "heap_low",
    "outbox_waiting", "outbox_full", "refused", "rssi", "battery",
)  # fmt: skip


def encode(facts: dict[str, object]) -> bytes:
    """The bytes of an online board's state; `facts` are any of FIELDS."""
    parts = ['{"online":true']
    for name in FIELDS:
        if name in facts and facts[name] is not None:
            parts.append('"%s":%s' % (name, json.dumps(facts[name])))
    return (",".join(parts) + "}").encode()


def decode(payload: bytes) -> dict[str, object] | None:
    """The facts of an online board, None of an offline one. Raises WireError when it is no state."""
    if len(payload) > MAX_TAKEN:
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
    for name in FIELDS:
        value = body.get(name)
        if isinstance(value, str):
            if is_text(value):
                facts[name] = value[:64]
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if -MAX_INT < value < MAX_INT:  # which NaN is not
                facts[name] = value
    return facts
