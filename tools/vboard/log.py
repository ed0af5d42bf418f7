"""A log file of limited size."""

from pathlib import Path

MOST_BYTES = 1 << 20


class Log:
    """Appends to `path`; at 1 MiB it starts over, with the older half kept beside it as `.1`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab")

    def write(self, data: bytes) -> None:
        """Add to the log."""
        if self._file.tell() + len(data) > MOST_BYTES:
            self._file.close()
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._file = self._path.open("ab")
        self._file.write(data)
        self._file.flush()

    def close(self) -> None:
        self._file.close()
