"""Live clients: `python -m tools.bench.watchers PORT TOKEN COUNT`.

They watch as the page Today does, each over a connection of its own. They print "ready" when all have got
something, then a line per second: events and bytes that all of them together have got so far.
"""

import asyncio
import sys

QUERY = "kind=order.placed,order.cancelled&newest=20"
AT_ONCE = 50  # connects under way


class Watchers:
    """All clients of one edge. events, bytes: that they have got so far."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self.events = 0
        self.bytes = 0

    async def watch(self, entered: asyncio.Semaphore) -> None:
        """Be one client until cancelled; the next one enters when this one has got something."""
        async with entered:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
            writer.write(
                f"GET /api/v1/live?{QUERY} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
                f"Authorization: Bearer {self._token}\r\n\r\n".encode()
            )
            if not (await reader.readline()).startswith(b"HTTP/1.1 200"):
                raise ConnectionRefusedError("the edge refuses a live client")
        while data := await reader.read(1 << 16):
            self.events += data.count(b"event: event")
            self.bytes += len(data)
        raise ConnectionResetError("the edge ended a stream")


async def _main(port: int, token: str, count: int) -> None:
    watchers, entered = Watchers(port, token), asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(watchers.watch(entered))
        while entered.locked():
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)  # first tiles
        print("ready", flush=True)
        while True:
            await asyncio.sleep(1)
            print(watchers.events, watchers.bytes, flush=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
