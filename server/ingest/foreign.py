"""Events of the `json` shape, from programs that are not ours: taken as meant, wherever that is clear.

`docs/clients.md` has the table of what becomes of each surprise, and a test compares the two. A refusal names
the field and the cure.
"""

import json
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from firmware.wire import event
from firmware.wire.errors import WireError
from server.calendar import DAY_MS
from server.folds.log_time import Now
from server.ingest.decode import MAX_JSON, MAX_OBJECTS, RESERVED, Fields, Taken, check_kind, is_kind
from server.rankings.ranking import whole

EARLIEST_AT = 1_577_836_800_000  # 2020-01-01T00:00Z: no shop posts what is older
LATEST_AT = 253_402_300_799_999  # the end of the year 9999: what is later is stored as this
AHEAD_MS = DAY_MS  # how far a sender's clock may be before ours and be believed
DOUBTED = event.QUALITIES.index("doubted")
BOM = b"\xef\xbb\xbf"
EXAMPLE = 'send an object, as {"kind": "reading.taken", "value": 21.5}'
NOT_A_NUMBER: Final = object()  # NaN and infinities, which JSON does not have


class Foreign(NamedTuple):
    """A posted event.

    taken: as it is stored. at: best known time, ms since 1970 UTC. id: its sender's, None for none. notes:
    what of it could not be kept, in sentences.
    """

    taken: Taken
    at: int
    id: str | None
    notes: tuple[str, ...] = ()


def objects(payload: bytes) -> list[object]:
    """The events of an MQTT message, one object or a list of them. Raises WireError."""
    if len(payload) > MAX_JSON:
        raise WireError("a json message is at most 65,536 bytes; send fewer events in one")
    body = parse(payload)
    found = body if isinstance(body, list) else [body]
    if len(found) > MAX_OBJECTS:
        raise WireError("more than 1,000 events in one message; send fewer")
    return found


def parse(payload: bytes) -> object:
    """The JSON value of a payload. NaN and infinities become NOT_A_NUMBER. Raises WireError."""
    data = payload.removeprefix(BOM)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise WireError("the text is not UTF-8; send it as UTF-8") from error
        return _leniently(text, str(error))


def _leniently(text: str, reason: str) -> object:
    try:
        return json.loads(text, parse_constant=lambda _: NOT_A_NUMBER)
    except (ValueError, RecursionError):
        raise WireError(f"no JSON ({reason}); {EXAMPLE}") from None


def shown(body: object) -> bytes:
    """A decoded value as JSON again, to be kept as a reject; never raises."""
    try:
        return msgspec.json.encode(body, enc_hook=lambda _: None)
    except (TypeError, ValueError, RecursionError) as error:
        return f"cannot be shown: {error}".encode()


def take(body: object, now: Now) -> Foreign:
    """An event as it is stored. Raises WireError, with field and cure, for what cannot be taken."""
    if not isinstance(body, dict):
        raise WireError(f"an event is an object with kind; {EXAMPLE}")
    kind = body.get("kind")
    if not isinstance(kind, str) or not is_kind(kind):
        said = "is missing" if kind is None else f"{_short(kind)} is no kind"
        raise WireError(f"kind: {said}; 1 to 48 of a-z, 0-9, . _ and -, a letter first, as order.placed")
    check_kind(kind)
    at, quality, clock_at = _time(body.get("at"), now)
    fields, notes = _fields(body)
    return Foreign(Taken(kind, fields, 0, 0, clock_at, quality), at, _id(body.get("id")), notes)


def _fields(body: dict[str, object]) -> tuple[Fields, tuple[str, ...]]:
    fields: Fields = {}
    notes = []
    for name, value in body.items():
        if name in RESERVED:
            continue
        if value is NOT_A_NUMBER:
            notes.append(f"field {name}: NaN and infinity are no numbers, so it is null")
            value = None
        if isinstance(value, dict | list):
            said, cure = "an object or a list", f"send its values as fields, as {_short(name)}.x"
            raise WireError(f"field {_short(name)}: {said}; {cure}")
        if type(value) is int and abs(value) >= event.MAX_INT:
            raise WireError(f"field {_short(name)}: whole numbers stay within 2^53; send it as a text")
        fields[name] = value
    _take_customer(fields)
    event.check_fields(fields)
    return fields, tuple(notes)


def _take_customer(fields: Fields) -> None:
    """A guest has no customer; a number is a name."""
    customer = fields.get("customer")
    if customer is None or customer == "":
        fields.pop("customer", None)
    elif (number := whole(customer)) is not None:
        fields["customer"] = str(number)
    elif not isinstance(customer, str):
        raise WireError("field customer: a text or a whole number; leave it out for a guest")


def _id(given: object) -> str | None:
    if given is None:
        return None
    number = whole(given)
    name = str(number) if number is not None else given
    if not isinstance(name, str) or not name or not event.is_text(name):
        raise WireError("id: a text of 1 to 256 characters, or a whole number; leave it out for none")
    return name


def _time(given: object, now: Now) -> tuple[int, int, int]:
    """Best known time, the quality of it, and what the sender said."""
    if given is None:
        return now.at, event.EDGE, now.at
    at = _moment(given)
    if at < EARLIEST_AT:
        hint = f"; {at} looks like seconds, {at * 1000} are ms" if at * 1000 >= EARLIEST_AT else ""
        raise WireError(f"at: ms since 1970 UTC, not before 2020{hint}; leave it out for now")
    if not now.is_known or at <= now.at:
        return at, event.NTP, at
    return now.at, event.NTP if at <= now.at + AHEAD_MS else DOUBTED, at


def _moment(given: object) -> int:
    number = whole(given)
    if number is None and isinstance(given, str):
        is_number = given.isascii() and given.isdecimal() and len(given) < 16
        number = int(given) if is_number else _iso(given)
    if number is None or number < 0:
        raise WireError("at: ms since 1970 UTC, or ISO 8601 with its offset, as 2026-11-27T14:03:00+01:00")
    return min(number, LATEST_AT)


def _iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        raise WireError("at: it has no offset; write 2026-11-27T14:03:00+01:00, or with Z for UTC")
    return round(moment.timestamp() * 1000)


def _short(value: object) -> str:
    """A value of a stranger in a sentence: printable, and no longer than a word or two."""
    text = str(value)
    shown = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text[:40])
    return shown if len(text) <= 40 else shown + "..."
