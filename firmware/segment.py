"""One segment file of the outbox: records behind each other, each with its number and a CRC32.

    length u16 | low 32 bits of seq | crc32 of both and the bytes | the bytes

A segment fills one block of flash. Its name is the epoch and its first seq, in hex, so the events
of an outbox whose cursor file is damaged can still be told apart.
"""

import binascii
import struct

LIMIT = 4096  # bytes; one erase block
HEAD = 10  # bytes before each record
MOST = 2000  # bytes of a record: it must fit into a frame of its own
LEAST = 7  # bytes of the smallest record that `wire.event` can make


def pack(seq: int, record: bytes) -> bytes:
    """The bytes of a record on flash."""
    head = struct.pack("<HI", len(record), seq & 0xFFFFFFFF)
    return head + struct.pack("<I", binascii.crc32(record, binascii.crc32(head))) + record


def unpack(data, at: int, seq: int) -> bytes | None:
    """The record at offset `at` when it is whole, intact and has this seq, else None."""
    if at + HEAD > len(data):
        return None
    size, number, crc = struct.unpack_from("<HII", data, at)
    if number != seq & 0xFFFFFFFF or at + HEAD + size > len(data):
        return None
    record = bytes(data[at + HEAD : at + HEAD + size])
    if binascii.crc32(record, binascii.crc32(data[at : at + 6])) != crc:
        return None
    return record


def name(epoch: int, first: int) -> str:
    """The file name of a segment."""
    return "%08x-%014x" % (epoch, first)


def parse_name(text: str) -> tuple[int, int] | None:
    """Epoch and first seq of a segment's name, None of any other name."""
    if len(text) != 23 or text[8] != "-":
        return None
    try:
        return int(text[:8], 16), int(text[9:], 16)
    except ValueError:
        return None


def scan(data, first: int) -> tuple[int, int]:
    """How many good records a segment begins with, and where they end."""
    count, at = 0, 0
    while True:
        record = unpack(data, at, first + count)
        if record is None:
            return count, at
        count += 1
        at += HEAD + len(record)
