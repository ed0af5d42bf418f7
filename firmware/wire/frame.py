"""An `up` message: a run of events, or the report that a run is lost.

    [1, epoch, first, [record, ...], boot, uptime_ms]      records are binaries, see `event`
    [1, epoch, first, last, reason, payload or nil]        seq first..last will never come

A record is carried as a binary, so that one bad event spoils neither the frame nor its neighbours,
and a board sends the bytes of its flash as they are. `boot` and `uptime_ms` say when the frame
was made, which dates events of a board without a clock.
"""

from firmware.wire.errors import WireError
from firmware.wire.pack import pack_array_head, pack_bytes_head, pack_int, pack_scalar, pack_str

VERSION = 1
MAX_SENT = 2048  # bytes; what a board sends
MAX_TAKEN = 4096  # bytes; what the edge accepts
MAX_EPOCH = 1 << 32
MAX_SEQ = 1 << 53
TRIMMED, CORRUPT, REFUSED = "trimmed", "corrupt", "refused"
REASONS = (TRIMMED, CORRUPT, REFUSED)
ROOM = MAX_SENT - 40  # for records with their heads, whatever the numbers in the frame


class Up:
    """Events of one epoch with rising seq from `first` on; records are their bytes."""

    def __init__(self, epoch: int, first: int, records: list[bytes], boot: int, uptime_ms: int):
        self.epoch = epoch
        self.first = first
        self.records = records
        self.boot = boot
        self.uptime_ms = uptime_ms


class Lost:
    """Seq `first` to `last` of an epoch will never come; `payload` is a refused event's bytes."""

    def __init__(self, epoch: int, first: int, last: int, reason: str, payload: bytes | None = None):
        self.epoch = epoch
        self.first = first
        self.last = last
        self.reason = reason
        self.payload = payload


def record_size(record_bytes: int) -> int:
    """What a record of so many bytes costs in a frame (its head is 2 or 3 bytes)."""
    return record_bytes + (2 if record_bytes < 0x100 else 3)


def encode(up: Up) -> bytes:
    """The bytes of a frame. Raises WireError when it would be over 2,048 bytes."""
    out = bytearray()
    pack_array_head(out, 6)
    pack_int(out, VERSION)
    pack_int(out, up.epoch)
    pack_int(out, up.first)
    pack_array_head(out, len(up.records))
    for record in up.records:
        pack_bytes_head(out, len(record))
        out.extend(record)
    pack_int(out, up.boot)
    pack_int(out, up.uptime_ms)
    if len(out) > MAX_SENT:
        raise WireError("a frame is at most 2,048 bytes")
    return bytes(out)


def encode_lost(lost: Lost) -> bytes:
    """The bytes of a loss report."""
    out = bytearray()
    pack_array_head(out, 6)
    pack_int(out, VERSION)
    pack_int(out, lost.epoch)
    pack_int(out, lost.first)
    pack_int(out, lost.last)
    pack_str(out, lost.reason)
    pack_scalar(out, lost.payload)
    return bytes(out)


def parse(frame: object) -> Up | Lost:
    """The message of a decoded frame (the array, as a list). Raises WireError when it breaks BW-1."""
    if not isinstance(frame, list) or len(frame) != 6:
        raise WireError("a frame is an array of 6")
    version, epoch, first, body, fifth, sixth = frame
    if type(version) is not int or version != VERSION:
        raise WireError("version is 1")
    if type(epoch) is not int or not 0 < epoch < MAX_EPOCH:
        raise WireError("epoch is a whole number above 0, below 2^32")
    if type(first) is not int or not 0 < first < MAX_SEQ:
        raise WireError("seq is a whole number from 1, below 2^53")
    if isinstance(body, list):
        return Up(epoch, first, _records(first, body), _count(fifth), _count(sixth))
    if type(body) is not int or not first <= body < MAX_SEQ:
        raise WireError("the body is a list of records, or the last seq that is lost")
    if fifth not in REASONS:
        raise WireError("reason is trimmed, corrupt or refused")
    if sixth is not None and not isinstance(sixth, bytes):
        raise WireError("a refused event is given as its bytes")
    return Lost(epoch, first, body, fifth, sixth)


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
