"""A board's serial port: a Unix socket that outlives the board's resets and power cuts."""

import asyncio
import socket
from pathlib import Path

from tools.vboard.paths import socket_address
from tools.vboard.splice import Side, join


class Uart:
    """Listens at `path`, for one client at a time: the latest one. Bytes for a board that is off, or for a
    client that is not there, are dropped, as on a real line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._board: Side | None = None
        self._client: Side | None = None
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._path.unlink(missing_ok=True)
        with socket_address(self._path) as address:
            self._server = await asyncio.get_running_loop().create_unix_server(self._accept, address)

    async def plug(self) -> socket.socket:
        """A new line for a board that starts; the socket is its end."""
        here, there = socket.socketpair()
        there.setblocking(False)  # the board inherits this: its reads must not block
        self.unplug()
        board = Side(self._board_left)
        await asyncio.get_running_loop().create_unix_connection(lambda: board, sock=here)
        self._board = board
        self._connect()
        return there

    def unplug(self) -> None:
        """Drop the line of a board that lost its power, with the bytes on it."""
        if self._board:
            self._board.abort()
        self._board = None

    def say(self, data: bytes) -> None:
        """Write to the board, unless a client is there to do it."""
        if self._client is None and self._board and self._board.transport:
            self._board.transport.write(data)

    def _accept(self) -> Side:
        if self._client:
            self._client.abort()
        self._client = Side(self._client_left)
        self._connect()
        return self._client

    def _connect(self) -> None:
        if self._board and self._client:
            join(self._board, self._client)

    def _board_left(self, side: Side) -> None:
        self._parted(side)
        if side is self._board:
            self._board = None

    def _client_left(self, side: Side) -> None:
        self._parted(side)
        if side is self._client:
            self._client = None

    def _parted(self, side: Side) -> None:
        if side.peer and side.peer.peer is side:
            side.peer.peer = None

    def close(self) -> None:
        """Stop listening, close everything."""
        self.unplug()
        if self._client:
            self._client.abort()
        if self._server:
            self._server.close()
        self._path.unlink(missing_ok=True)
