"""Events packed for one DynamoDB item: rows of msgpack, compressed, under a key that never changes.

Format 1: zlib over a msgpack array of rows, each
    [device, epoch, seq, kind, customer, at, received_at, clock_at, quality, boot, uptime_ms, fields]
When 100 events are packed, each takes about 20 bytes; an item costs one write unit per KB.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from server.calendar import HOUR_MS
from server.store.chunks import Chunk
from server.store.events import Stored

FORMAT = 1
MAX_BYTES = 15_000  # so that an item never needs more than a second of the free 25 write units
BUCKETS = 4

_encode = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(
    list[tuple[str, int, int, str, str | None, int, int, int, str, int, int, dict[str, object]]]
).decode


def key(site: str, device: str, at: int) -> str:
    """The partition of an event: `D#site#bucket#yyyymmddHH`, by device and by the event's hour."""
    return f"D#{site}#{bucket(device):02x}#{_hour(at // HOUR_MS)}"


def bucket(device: str) -> int:
    """The number of the parallel partition of an hour to which a device's events go."""
    return zlib.crc32(device.encode()) % BUCKETS


def customer_key(site: str, customer: str, at: int) -> str:
    """The partition of a customer's index rows: `C#site#bucket#yyyymmddHH`."""
    return "C" + key(site, customer, at)[1:]


@lru_cache(1000)
def _hour(hour: int) -> str:
    return f"{datetime.fromtimestamp(hour * 3600, UTC):%Y%m%d%H}"


def pack(site: str, generation: str, number: int, events: Sequence[Stored]) -> list[Chunk]:
    """Chunks of events, each at most 15 KB, by device and an index by customer.

    generation: of the store; number: unique in it, so that keys are never used twice.
    """
    parts: dict[str, list[list[object]]] = {}
    firsts: dict[str, int] = {}
    for event in events:
        rows = [(key(site, event.device, event.at), row(event))]
        if event.customer is not None:
            rows.append((customer_key(site, event.customer, event.at), index_row(event)))
        for pk, packed in rows:
            parts.setdefault(pk, []).append(packed)
            firsts[pk] = min(firsts.get(pk, event.at), event.at)
    sealed: list[Chunk] = []
    for pk, rows_of_key in parts.items():
        for body, count in _bodies(rows_of_key):
            sk = f"{firsts[pk]:013d}#{generation}#{number:010d}.{len(sealed):04d}"
            sealed.append(Chunk(pk, sk, body, count, firsts[pk]))
    return sealed


def row(event: Stored) -> list[object]:
    """An event as a row of a chunk."""
    return [
        event.device, event.epoch, event.seq, event.kind, event.customer, event.at,
        event.received_at, event.clock_at, event.quality, event.boot, event.uptime_ms, event.fields,
    ]  # fmt: skip


def index_row(event: Stored) -> list[object]:
    """An event as a row of the customer's index: enough to find the event and to add it up."""
    amount = event.fields.get("cents")
    return [event.customer, event.device, event.epoch, event.seq, event.kind, event.at, amount]


def unpack(body: bytes) -> list[Stored]:
    """The events of a device chunk; their id is 0, because rows of a log differ between stores."""
    return [Stored(0, *row) for row in _unpack(zlib.decompress(body))]


def _bodies(rows: list[list[object]]) -> Iterator[tuple[bytes, int]]:
    """Halve rows until each part fits, because the compressed size cannot be known before."""
    body = zlib.compress(_encode(rows), 6)
    if len(body) <= MAX_BYTES or len(rows) == 1:
        yield body, len(rows)
        return
    middle = len(rows) // 2
    yield from _bodies(rows[:middle])
    yield from _bodies(rows[middle:])


def size(chunk: Chunk) -> int:
    """Bytes that DynamoDB bills: names and values of key, body, count, format and times."""
    return len(chunk.pk) + len(chunk.sk) + len(chunk.body) + 60


def distinct(events: Iterable[Stored]) -> Iterator[Stored]:
    """Each event once, however many generations sealed it."""
    seen: set[tuple[str, int, int]] = set()
    for event in events:
        identity = (event.device, event.epoch, event.seq)
        if identity not in seen:
            seen.add(identity)
            yield event
