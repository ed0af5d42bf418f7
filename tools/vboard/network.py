"""A board's way to the broker, which the host can cut: a TCP forwarder for this board alone."""

import asyncio

from tools.vboard.splice import Side, join


class Network:
    """Listens on a port of loopback and forwards to `target` (host, port)."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.port = 0
        self._up = True
        self._silent = False
        self._sides: set[Side] = set()
        self._dialing: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen; from now on `port` is known."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self) -> Side:
        return Side(self._left, self._arrived)

    def _arrived(self, side: Side) -> None:
        task = asyncio.get_running_loop().create_task(self._dial(side))
        self._dialing.add(task)
        task.add_done_callback(self._dialing.discard)

    async def _dial(self, near: Side) -> None:
        """Connect a new connection of the board with the broker."""
        # Nothing may be read before there is a peer to pass it on to. In `_arrived` this would be too early:
        # the asyncio of Python 3.11.2, which Debian 12 has, begins to read after that all the same.
        near.listen(False)
        self._sides.add(near)
        far = Side(self._left)
        try:
            if not self._up:
                raise ConnectionError("no link")
            await asyncio.get_running_loop().create_connection(lambda: far, *self.target)
        except OSError:
            near.abort()
            return
        self._sides.add(far)
        join(near, far)
        if not self._up or near.transport is None:
            self._left(near)
            return
        near.listen(not self._silent)
        far.listen(not self._silent)

    def _left(self, side: Side) -> None:
        """Close the other end too, after it has written what it holds."""
        self._sides.discard(side)
        peer, side.peer = side.peer, None
        if side.transport:
            side.abort()
        if peer and peer.transport:
            peer.peer = None
            self._sides.discard(peer)
            peer.transport.close()

    def link(self, up: bool, silent: bool = False) -> None:
        """Switch the link. Down: connections break, and new ones are refused. Silently down: bytes just stop,
        as with a router that has lost its uplink, and go on when the link is up again."""
        self._silent = silent and not up
        self._up = up or self._silent
        for side in list(self._sides):
            if self._up:
                side.listen(not self._silent)
            else:
                side.abort()

    def close(self) -> None:
        """Break everything and stop listening."""
        self.link(False)
        if self._server:
            self._server.close()
