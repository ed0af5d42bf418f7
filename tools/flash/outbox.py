"""Counts the events on a board that no edge has, from its flash, without running its firmware."""

import binascii
import struct
from collections.abc import Callable

from firmware import segment
from firmware.outbox import CURSOR, CURSOR_BYTES, CURSOR_FORM, FOLDER


def waiting(read: Callable[[str], bytes | None], names: Callable[[str], list[str]]) -> int:
    """How many events wait at most: a board notes only every 10 s what the edge has.

    read: gives a file, None when it is missing. names: gives the names in a folder.
    """
    found = sorted(parsed for name in names("/" + FOLDER) if (parsed := segment.parse_name(name)))
    if not found:
        return 0
    epoch, first = found[-1]
    data = read("/" + FOLDER + "/" + segment.name(epoch, first)) or b""
    last = first - 1 + segment.scan(data, first)[0]
    return max(0, last - _acked(read("/" + CURSOR), epoch))


def _acked(cursor: bytes | None, epoch: int) -> int:
    if cursor is None or len(cursor) != CURSOR_BYTES:
        return 0
    of, acked, check = struct.unpack(CURSOR_FORM, cursor)
    return int(acked) if of == epoch and check == binascii.crc32(cursor[:-4]) else 0
