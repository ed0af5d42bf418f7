"""One event as a board keeps it in its outbox and as it travels: a small msgpack array.

    [kind, {field: value}, boot, uptime_ms, at, quality]

Words that every shop uses travel as their number in KINDS or FIELDS, so a typical order takes about
50 bytes. The lists only grow, at their end. The CRC32 of these bytes tells two events with the same
number apart.
"""

from firmware.wire.errors import WireError
from firmware.wire.pack import pack_array_head, pack_int, pack_map_head, pack_scalar, pack_str

KINDS = (
    "order.placed", "order.cancelled", "customer.checked_in", "button.pressed",
    "reading.taken", "device.started", "device.refused", "device.lost",
)  # fmt: skip
FIELDS = (
    "customer", "quantity", "cents", "order", "item", "of_at",
    "value", "unit", "count", "reason", "email",
)  # fmt: skip

NO_CLOCK, FLOOR, EDGE, NTP = 0, 1, 2, 3
QUALITIES = ("none", "floor", "edge", "ntp", "doubted")  # the last one is the edge's word, never a board's

MAX_KIND = 48
MAX_FIELDS = 32
MAX_FIELD_NAME = 32
MAX_TEXT = 256
MAX_INT = 1 << 53
EARLIEST_AT = 1_793_491_200_000  # 2026-11-01T00:00Z; no board ran this protocol before

_KIND_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789._-"


class Event:
    """One thing that happened on a board.

    kind: past tense, as `order.placed`. fields: flat, name to text, number, truth value or None.
    boot: how often the board had started. uptime_ms: since that start. at: the board's clock, ms
    since 1970 UTC, 0 when it had none. quality: of that clock, an index into QUALITIES.
    """

    def __init__(
        self, kind: str, fields: dict[str, object], boot: int, uptime_ms: int, at: int, quality: int
    ):
        self.kind = kind
        self.fields = fields
        self.boot = boot
        self.uptime_ms = uptime_ms
        self.at = at
        self.quality = quality


def is_kind(text: str) -> bool:
    """Whether `text` may be a kind: 1 to 48 of a-z, 0-9, dot, underscore and dash, a letter first."""
    if not 0 < len(text) <= MAX_KIND or not "a" <= text[0] <= "z":
        return False
    for letter in text:
        if letter not in _KIND_LETTERS:
            return False
    return True


def is_field(text: str) -> bool:
    """Whether `text` may name a field: 1 to 32 of letters, digits, `_`, `-`, `.`, a letter or `_` first."""
    if not 0 < len(text) <= MAX_FIELD_NAME:
        return False
    lower = text.lower()
    if not ("a" <= lower[0] <= "z" or lower[0] == "_"):
        return False
    for letter in lower:
        if letter not in _KIND_LETTERS:
            return False
    return True


def is_text(text: str) -> bool:
    """Whether `text` may be a value: at most 256 characters, none of them a control character."""
    if len(text) > MAX_TEXT:
        return False
    for letter in text:
        code = ord(letter)
        if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:  # controls, halves of letters
            return False
    return True


def check_value(name: str, value: object) -> None:
    """Raise WireError unless `value` may be the value of field `name`."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if not is_text(value):
            raise WireError("field " + name + ": text of at most 256 characters, none of control")
    elif isinstance(value, int):
        if not -MAX_INT < value < MAX_INT:
            raise WireError("field " + name + ": whole numbers stay within 2^53")
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise WireError("field " + name + ": a number must be finite")
    else:
        raise WireError("field " + name + ": text, number, truth value or null")


def check_fields(fields: dict[str, object]) -> None:
    """Raise WireError unless `fields` are flat, rightly named and at most 32."""
    if not isinstance(fields, dict):
        raise WireError("fields are names and their values, as {}")
    if len(fields) > MAX_FIELDS:
        raise WireError("more than 32 fields")
    for name, value in fields.items():
        if not isinstance(name, str) or not is_field(name):
            raise WireError("a field's name is 1 to 32 of letters, digits, _ - and ., a letter first")
        check_value(name, value)
    customer = fields.get("customer", "?")
    if not isinstance(customer, str) or not customer:
        raise WireError("field customer: text, not empty")


def encode(event: Event) -> bytes:
    """The bytes of an event. Raises WireError when the event breaks a limit."""
    if not isinstance(event.kind, str) or not is_kind(event.kind):
        raise WireError("kind is 1 to 48 of a-z, 0-9, . _ and -, a letter first")
    check_fields(event.fields)
    out = bytearray()
    pack_array_head(out, 6)
    _word(out, event.kind, KINDS)
    pack_map_head(out, len(event.fields))
    for name in sorted(event.fields):
        _word(out, name, FIELDS)
        pack_scalar(out, event.fields[name])
    pack_int(out, event.boot)
    pack_int(out, event.uptime_ms)
    pack_int(out, event.at)
    pack_int(out, event.quality)
    return bytes(out)


def _word(out: bytearray, word: str, words: tuple[str, ...]) -> None:
    if word in words:
        pack_int(out, words.index(word))
    else:
        pack_str(out, word)
