"""The yardstick of the live stream: `python -m tools.bench.ticker PORT BYTES`.

aiohttp-sse that sends BYTES bytes to every client ten times per second, and does nothing else.
"""

import asyncio
import sys
from contextlib import suppress

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

TICK_S = 0.1


class Ticker:
    """The bytes that are sent, and the clients that get them."""

    def __init__(self, size: int) -> None:
        self._data = b"event: event\ndata: " + b"x" * size + b"\n\n"
        self._watching: set[EventSourceResponse] = set()

    async def run(self) -> None:
        """Send until cancelled; a late tick does not delay the next one."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += TICK_S
            await asyncio.sleep(due - loop.time())
            for response in list(self._watching):
                with suppress(ConnectionResetError):
                    await response.write(self._data)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Let a client watch until it leaves."""
        async with sse_response(request) as response:
            self._watching.add(response)
            try:
                await response.wait()
            finally:
                self._watching.discard(response)
        return response


async def _main(port: int, size: int) -> None:
    ticker, app = Ticker(size), web.Application()
    app.router.add_get("/api/v1/live", ticker.stream)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await ticker.run()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
