"""The serial port of a virtual board, for readers of every speed."""

import asyncio
import os
import time

from tests.patience import PATIENCE_S, patience
from tools.vboard.port import GRACE_S, Port

OUTPUT = b"".join(b"line %d\n" % number for number in range(20_000))


async def moved(port: Port) -> None:
    """Wait until a board may print again."""
    async with patience():
        while port.is_full:
            await asyncio.sleep(0.01)


async def test_a_reader_that_takes_byte_by_byte_gets_everything() -> None:
    port = Port(lambda _: None, lambda: None)
    reader = os.open(port.path, os.O_RDWR | os.O_NOCTTY)

    def read() -> bytes:
        got, slow_until = b"", time.monotonic() + 5 * GRACE_S
        while len(got) < len(OUTPUT):
            is_slow = time.monotonic() < slow_until
            got += os.read(reader, 16 if is_slow else 65536)
            time.sleep(0.01 if is_slow else 0)
        return got

    port.write(OUTPUT)
    assert await asyncio.wait_for(asyncio.to_thread(read), PATIENCE_S) == OUTPUT
    await moved(port)
    port.close()
    os.close(reader)


async def test_without_a_reader_a_board_waits_once_and_prints_on() -> None:
    rings = []
    port = Port(lambda _: None, lambda: rings.append(time.monotonic()))
    port.write(OUTPUT)
    assert port.is_full
    await moved(port)
    assert len(rings) == 1
    port.write(OUTPUT)
    assert not port.is_full
    reader = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
    while len(os.read(reader, 65536)) == 65536:
        pass
    port.write(b"here again\n")
    assert (await asyncio.to_thread(os.read, reader, 100)).endswith(b"here again\n")
    port.close()
    os.close(reader)
