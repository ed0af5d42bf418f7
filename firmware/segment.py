"""One segment file of the outbox: records behind each other, each with a CRC32 that covers its number.

    length u16 | crc32 of length, seq and the bytes | the bytes

A segment fills one block of flash. Its name is the epoch and its first seq in hex, so that events can be
told apart even when the cursor file of their outbox is damaged.
"""

import binascii
import struct

LIMIT = 4096  # bytes; one erase block
HEAD = 6  # bytes before each record
MOST = 2000  # bytes of a record: it must fit into a frame of its own
LEAST = 7  # bytes of the smallest record that `wire.event` can make


def pack(seq: int, record: bytes) -> bytes:
    """The bytes of a record on flash."""
    return struct.pack("<HI", len(record), _crc(seq, record)) + record


def unpack(data, at: int, seq: int) -> bytes | None:
    """The record at offset `at` when it is complete, intact and has this seq, else None."""
    if at + HEAD > len(data):
        return None
    size, crc = struct.unpack_from("<HI", data, at)
    if at + HEAD + size > len(data):
        return None
    record = bytes(data[at + HEAD : at + HEAD + size])
    return record if _crc(seq, record) == crc else None


def _crc(seq: int, record: bytes) -> int:
    return binascii.crc32(record, binascii.crc32(struct.pack("<HQ", len(record), seq)))


def name(epoch: int, first: int) -> str:
    """The file name of a segment."""
    return "%08x-%014x" % (epoch, first)


def parse_name(text: str) -> tuple[int, int] | None:
    """Epoch and first seq in a segment's name, None for any other name."""
    if len(text) != 23 or text[8] != "-":
        return None
    try:
        return int(text[:8], 16), int(text[9:], 16)
    except ValueError:
        return None


def scan(data, first: int) -> tuple[int, int]:
    """The number of good records at the beginning of a segment, and the offset of their end."""
    count, at = 0, 0
    while True:
        record = unpack(data, at, first + count)
        if record is None:
            return count, at
        count += 1
        at += HEAD + len(record)
