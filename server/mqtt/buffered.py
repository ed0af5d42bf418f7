"""paho, reading its socket by the buffer and not three times a message."""

from typing import Any

from paho.mqtt import client as paho

READ_BYTES = 65_536  # also more than TLS ever holds back of one record


class Buffered(paho.Client):
    """A client whose owner calls `loop_read` for as long as there is something `pending`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._taken = b""
        self._at = 0
        self._of: object = None  # the socket that this was taken from

    @property
    def pending(self) -> bool:
        """Whether bytes are waiting here, of which the socket would not tell."""
        return self._of is self._sock and self._at < len(self._taken)

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.pending:
            self._taken, self._at, self._of = super()._sock_recv(READ_BYTES), 0, self._sock
        start = self._at
        self._at = min(start + bufsize, len(self._taken))
        return self._taken[start : self._at]
