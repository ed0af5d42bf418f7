"""An `up` message: a run of events, or the report that a run is lost.

    [1, epoch, first, [record, ...], boot, uptime_ms]      records are binaries, see `event`
    [1, epoch, first, last, reason, payload or nil]        seq first..last will never come

A record travels as a binary, so that one bad event spoils neither the frame nor its neighbours, and a
board sends the bytes of its flash as they are. `boot` and `uptime_ms` tell when the frame was made, which
dates events of a board without a clock.
"""

from firmware.wire.errors import WireError
from firmware.wire.pack import pack_array_head, pack_bytes_head, pack_int, pack_scalar, pack_str

VERSION = 1
MAX_SENT = 2048  # bytes that a board sends
MAX_TAKEN = 4096  # bytes that the edge accepts
MAX_EPOCH = 1 << 32
MAX_SEQ = 1 << 53
TRIMMED, CORRUPT, REFUSED = "trimmed", "corrupt", "refused"
REASONS = (TRIMMED, CORRUPT, REFUSED)
ROOM = MAX_SENT - 40  # for records with their heads, whatever the numbers in the frame


class Up:
    """Events of one epoch.

    epoch: of the board's outbox. first: the seq of the first one; the others follow without a gap. records:
    their bytes. boot, uptime_ms: when the frame was made.
    """

    def __init__(self, epoch: int, first: int, records: list[bytes], boot: int, uptime_ms: int):
        self.epoch = epoch
        self.first = first
        self.records = records
        self.boot = boot
        self.uptime_ms = uptime_ms


class Lost:
    """A loss: events of an epoch that will never come.

    epoch: of the board's outbox. first, last: their seq. reason: one of REASONS. payload: the bytes of a
    refused event, else None.
    """

    def __init__(self, epoch: int, first: int, last: int, reason: str, payload: bytes | None = None):
        self.epoch = epoch
        self.first = first
        self.last = last
        self.reason = reason
        self.payload = payload


def encode(up: Up) -> bytes:
    """The bytes of a frame. Raises WireError when it would be over 2,048 bytes."""
    out = bytearray()
    pack_array_head(out, 6)
    pack_int(out, VERSION)
    pack_int(out, up.epoch)
    pack_int(out, up.first)
    pack_array_head(out, len(up.records))
    parts = [bytes(out)]  # joined at the end, because a buffer that grows would be in memory twice
    for record in up.records:
        out = bytearray()
        pack_bytes_head(out, len(record))
        parts.append(bytes(out))
        parts.append(record)
    out = bytearray()
    pack_int(out, up.boot)
    pack_int(out, up.uptime_ms)
    parts.append(bytes(out))
    if sum([len(part) for part in parts]) > MAX_SENT:
        raise WireError("a frame is at most 2,048 bytes")
    return b"".join(parts)


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
