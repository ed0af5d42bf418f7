"""The state of a board: the retained `state` message, and the will that replaces it."""

import json

OFFLINE = b'{"online":false}'  # the will, and the last message of a board that leaves on purpose
MAX_TAKEN = 4096  # bytes
FIELDS = (
    "epoch", "boot", "uptime_ms", "firmware", "reset", "heap_free", "heap_low",
    "outbox_waiting", "outbox_full", "refused", "rssi", "battery",
    "mode", "trouble", "trouble_ms", "trouble_end_ms",
)  # fmt: skip


def encode(facts: dict[str, object]) -> bytes:
    """The bytes of an online board's state; `facts` are any of FIELDS."""
    parts = ['{"online":true']
    for name in FIELDS:
        if name in facts and facts[name] is not None:
            parts.append('"%s":%s' % (name, json.dumps(facts[name])))
    return (",".join(parts) + "}").encode()
