"""A flash in memory whose power can fail: of what was not synced, any prefix may have survived."""

import errno

from firmware.flash import Flash


class CrashFile:
    """An open file; `done` bytes of its content are on the medium for certain."""

    def __init__(self, flash: "CrashFlash", path: str, mode: str) -> None:
        self._flash = flash
        self._path = path
        self.closed = False
        if mode == "wb":
            flash.check()
            flash.set(path, b"", 0)
        elif mode == "ab":
            flash.content.setdefault(path, b"")
        elif path not in flash.content:
            raise OSError(errno.ENOENT, path)

    def write(self, data: bytes) -> int:
        flash = self._flash
        flash.check()
        flash.set(self._path, flash.content[self._path] + bytes(data))
        return len(data)

    def sync(self) -> None:
        self._flash.check()
        self._flash.synced[self._path] = len(self._flash.content[self._path])

    def read(self) -> bytes:
        return self._flash.content[self._path]

    def readinto(self, buffer: bytearray) -> int:
        data = self._flash.content[self._path][: len(buffer)]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> "CrashFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class CrashFlash(Flash):
    """What `firmware.flash.Flash` offers. writes_left: after so many operations every write fails
    (None: never). Content is whole as long as the power is on."""

    def __init__(self) -> None:
        super().__init__("/")
        self.content: dict[str, bytes] = {}
        self.synced: dict[str, int] = {}
        self.writes_left: int | None = None
        self.log: list[str] = []

    def check(self) -> None:
        if self.writes_left is not None:
            if self.writes_left == 0:
                raise OSError(errno.ENOSPC, "flash does not write")
            self.writes_left -= 1

    def set(self, path: str, data: bytes, synced: int | None = None) -> None:
        self.content[path] = data
        if synced is not None or path not in self.synced:
            self.synced[path] = synced or 0

    def open(self, path: str, mode: str) -> CrashFile:
        return CrashFile(self, path, mode)

    def sync(self, file: CrashFile) -> None:
        file.sync()
        self.log.append("sync")

    def read(self, path: str) -> bytes | None:
        return self.content.get(path)

    def replace(self, path: str, data: bytes) -> None:
        self.check()
        self.set(path, data, len(data))

    def names(self, folder: str) -> list[str]:
        found = [path for path in self.content if path.startswith(folder + "/")]
        return [path[len(folder) + 1 :] for path in found]

    def remove(self, path: str) -> None:
        self.check()
        del self.content[path]

    def power_cut(self, kept: float) -> None:
        """Lose what was not synced, but for this part of it, 0 to 1."""
        for path, data in self.content.items():
            synced = min(self.synced[path], len(data))
            self.content[path] = data[: synced + int((len(data) - synced) * kept)]
            self.synced[path] = len(self.content[path])

    def flip(self, path: str, at: int, mask: int) -> None:
        """Change a byte, as worn flash does."""
        data = bytearray(self.content[path])
        data[at] ^= mask
        self.content[path] = bytes(data)
