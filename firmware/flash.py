"""Files of a board below one folder: after `sync` or `replace` has returned, data survive a power cut."""

import os

ENOENT = 2


class Flash:
    """A folder of the file system; paths are relative to it. All methods may raise OSError."""

    def __init__(self, root: str):
        self.root = root if root.endswith("/") else root + "/"
        # On a board, flush() of littlefs is the sync; CPython needs a call of its own.
        self._fsync = getattr(os, "fsync", None)

    def open(self, path: str, mode: str):
        """An open file, which the caller must close, because littlefs keeps nothing otherwise."""
        return open(self.root + path, mode)

    def sync(self, file) -> None:
        """Return only when everything written to `file` is on the medium."""
        file.flush()
        if self._fsync:
            self._fsync(file.fileno())

    def read(self, path: str) -> bytes | None:
        """The whole file, None when it is missing."""
        try:
            with self.open(path, "rb") as file:
                return file.read()
        except OSError as error:
            if error.args[0] == ENOENT:
                return None
            raise

    def replace(self, path: str, data: bytes) -> None:
        """Give a file new contents: after a power cut it has the old or the new ones, never a mix."""
        with self.open(path + ".new", "wb") as file:
            file.write(data)
            self.sync(file)
        os.rename(self.root + path + ".new", self.root + path)

    def names(self, folder: str) -> list[str]:
        """The names in a folder, which is made when it is missing."""
        try:
            return os.listdir(self.root + folder)
        except OSError as error:
            if error.args[0] != ENOENT:
                raise
            os.mkdir(self.root + folder)
            return []

    def remove(self, path: str) -> None:
        """Remove a file."""
        os.remove(self.root + path)
