"""What a board prints: from its pipe into a log file of bounded size."""

import asyncio
import os
from pathlib import Path

MOST_BYTES = 1 << 20


class Console:
    """Appends the output of one life after the other to `path`; at 1 MiB it starts over, with the
    older half kept beside it as `.1`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab")
        self._pipe: int | None = None

    def plug(self) -> int:
        """The file descriptor that a starting board writes to; the caller closes it after fork."""
        self.unplug()
        self._pipe, child = os.pipe()
        os.set_blocking(self._pipe, False)
        asyncio.get_running_loop().add_reader(self._pipe, self._pump)
        return child

    def _pump(self) -> None:
        assert self._pipe is not None
        try:
            data = os.read(self._pipe, 65536)
        except BlockingIOError:
            return
        if not data:
            self._drop()
            return
        self.write(data)

    def write(self, data: bytes) -> None:
        """Add to the log."""
        if self._file.tell() + len(data) > MOST_BYTES:
            self._file.close()
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._file = self._path.open("ab")
        self._file.write(data)
        self._file.flush()

    def unplug(self) -> None:
        """The board has ended: take what is left in the pipe."""
        while self._pipe is not None:
            try:
                data = os.read(self._pipe, 65536)
            except BlockingIOError:
                data = b""
            if data:
                self.write(data)
            else:
                self._drop()

    def _drop(self) -> None:
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = None

    def close(self) -> None:
        self.unplug()
        self._file.close()
