"""Packets of MQTT 3.1.1, as brokers and proxies of tests read and write them."""

import asyncio

Packet = tuple[int, bytes]  # first byte, and what follows the length
CONNECT, PUBLISH, PUBACK = 1, 3, 4  # the upper half of the first byte


async def read(reader: asyncio.StreamReader) -> Packet:
    """The next packet. Raises IncompleteReadError at the end."""
    head = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return head, await reader.readexactly(length)


def encoded(packet: Packet) -> bytes:
    """Its bytes, with the length by section 2.2.3."""
    head, body = packet
    out, length = bytearray([head]), len(body)
    while length > 127:
        out.append(length & 127 | 128)
        length >>= 7
    out.append(length)
    return bytes(out) + body
