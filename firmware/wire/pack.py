"""The encoder half of msgpack (specification of 2013-08), as far as BW-1 needs it.

Boards only encode; the edge decodes with a library. The shortest forms are used, so equal values give
equal bytes on every interpreter (maps are written in the order of the given pairs).
"""

import struct

from firmware.wire.errors import WireError


def _head(out: bytearray, count: int, fix: int, fix_limit: int, code: int) -> None:
    if count < fix_limit:
        out.append(fix | count)
    elif count < 0x10000:
        out.append(code)
        out.extend(struct.pack(">H", count))
    else:
        raise WireError("more than 65,535 parts")


def pack_int(out: bytearray, value: int) -> None:
    """Append an integer, -2^63 to 2^64 - 1."""
    if -32 <= value < 128:
        out.append(value & 0xFF)
    elif value >= 0:
        if value < 0x100:
            out.extend(struct.pack(">BB", 0xCC, value))
        elif value < 0x10000:
            out.extend(struct.pack(">BH", 0xCD, value))
        elif value < 0x100000000:
            out.extend(struct.pack(">BI", 0xCE, value))
        elif value < 0x10000000000000000:
            out.extend(struct.pack(">BQ", 0xCF, value))
        else:
            raise WireError("an integer is too large")
    elif value >= -0x80:
        out.extend(struct.pack(">Bb", 0xD0, value))
    elif value >= -0x8000:
        out.extend(struct.pack(">Bh", 0xD1, value))
    elif value >= -0x80000000:
        out.extend(struct.pack(">Bi", 0xD2, value))
    elif value >= -0x8000000000000000:
        out.extend(struct.pack(">Bq", 0xD3, value))
    else:
        raise WireError("an integer is too small")


def pack_bytes_head(out: bytearray, size: int) -> None:
    """Append the head of a binary of `size` bytes, fewer than 65,536."""
    if size < 0x100:
        out.extend(struct.pack(">BB", 0xC4, size))
    elif size < 0x10000:
        out.extend(struct.pack(">BH", 0xC5, size))
    else:
        raise WireError("a binary of 65,536 bytes or more")


def pack_str(out: bytearray, text: str) -> None:
    """Append a string, as UTF-8, fewer than 65,536 bytes."""
    data = text.encode()
    size = len(data)
    if size < 32:
        out.append(0xA0 | size)
    elif size < 0x100:
        out.extend(struct.pack(">BB", 0xD9, size))
    elif size < 0x10000:
        out.extend(struct.pack(">BH", 0xDA, size))
    else:
        raise WireError("a text of 65,536 bytes or more")
    out.extend(data)


def pack_array_head(out: bytearray, count: int) -> None:
    """Append the head of an array of `count` values, which follow it."""
    _head(out, count, 0x90, 16, 0xDC)


def pack_map_head(out: bytearray, count: int) -> None:
    """Append the head of a map of `count` pairs, which follow it as key, value."""
    _head(out, count, 0x80, 16, 0xDE)


def pack_scalar(out: bytearray, value: object) -> None:
    """Append None, a bool, an int, a float, a str or bytes. Raises WireError for anything else."""
    if value is None:
        out.append(0xC0)
    elif value is True:
        out.append(0xC3)
    elif value is False:
        out.append(0xC2)
    elif isinstance(value, int):
        pack_int(out, value)
    elif isinstance(value, str):
        pack_str(out, value)
    elif isinstance(value, float):
        out.extend(struct.pack(">Bd", 0xCB, value))
    elif isinstance(value, (bytes, bytearray)):
        pack_bytes_head(out, len(value))
        out.extend(value)
    else:
        raise WireError("a value is no text, number, truth value or null")
