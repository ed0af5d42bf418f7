"""A board at a serial port. Each operation may be repeated, and is repeated when a reset breaks it."""

import base64
import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from server.errors import BoardwalkError
from tools.flash import code
from tools.flash.line import CodeFailed, Line, LineBroken

ATTEND_S = 20.0
TRIES = 5
CHUNK_BYTES = 512
ROOT_FILES = (
    "boot.py", "main.py", "settings.json", "ca.der", "ca2.der", "boot_count",
    "flash.json", "flash.json.new", "boot.py.new", "main.py.new", "settings.json.new", "ca.der.new",
    "ca2.der.new",
)  # fmt: skip
Result = TypeVar("Result")


@dataclass(frozen=True)
class Facts:
    """What kind of board it is, and its free room.

    implementation: as `micropython`. version: of three numbers. mpy: version of .mpy files that it loads, 0
    for none. machine: the name of the board. memory_free: bytes of heap. block: bytes of flash that a file
    takes at least. blocks, blocks_free: how many blocks there are, and how many are free.
    """

    implementation: str
    version: tuple[int, ...]
    mpy: int
    machine: str
    memory_free: int
    block: int
    blocks: int
    blocks_free: int


@dataclass(frozen=True)
class OnFlash:
    """A file on a board. size: in bytes. digest: SHA-256 in hex."""

    size: int
    digest: str


class FlashFull(BoardwalkError):
    """The board has no room left, though there should have been some."""


class SerialBoard:
    """attended: called when the board has to be brought back to its prompt."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def attend(self) -> None:
        """See Line.attend."""
        self.line.attend(ATTEND_S)

    def facts(self) -> Facts:
        """The kind of the board, and its free room."""
        (told,) = self._ask(code.FACTS)
        name, version, mpy, *more = told
        return Facts(name, tuple(version), mpy & 0xFF, *more)

    def files(self) -> dict[str, OnFlash]:
        """Our files, by path. boot.py and main.py also count while they are put away."""
        rows = self._ask(code.LIST, names=list(ROOT_FILES))
        found = {path: OnFlash(size, digest) for path, size, digest in rows}
        for path, digest in self._ask(code.OFF_HASHES):
            found.setdefault(path, OnFlash(0, digest))
        return found

    def sizes(self) -> list[tuple[str, int]]:
        """The files and folders at the root with their bytes, the largest first."""
        rows = [(name, size) for name, size in self._ask(code.SIZES)]
        return sorted(rows, key=lambda row: -row[1])

    def read(self, path: str) -> bytes | None:
        """A whole file, None when there is none."""
        return self._parsed(_decoded, code.READ, path=path)

    def names(self, folder: str) -> list[str]:
        """The names in a folder, none when it is missing."""
        return self._ask(code.NAMES, path=folder)

    def quiet(self) -> None:
        """Put boot.py and main.py away and reset: then nothing runs, and no watchdog is armed."""
        self._run(code.QUIET)
        self._again(lambda: self.line.start(code.RESET))
        self.attend()

    def reset(self) -> None:
        """Let the board start anew; call `attend` to get its prompt again."""
        self._again(lambda: self.line.start(code.RESET))

    def let_go(self) -> None:
        """Let the board do again what it did before, if it still listens."""
        with suppress(LineBroken):
            self.line.start(code.RESET)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files that may be there."""
        self._run(code.REMOVE, paths=list(paths))

    def clear(self, folder: str) -> None:
        """Remove a folder with its files."""
        self._run(code.CLEAR, path=folder)

    def make_folders(self, paths: Iterable[str]) -> None:
        """Make folders that may be there, outer ones first."""
        self._run(code.FOLDERS, paths=list(paths))

    def put(self, path: str, data: bytes) -> None:
        """Give a file its content; after a power cut it has the old or the new one. Raises FlashFull."""
        digest = hashlib.sha256(data).hexdigest()
        for _ in range(TRIES):
            if self._again(lambda: self._put(path, data, digest)):
                return
        raise BoardwalkError(f"The board does not keep {path} as it was sent; its flash may be worn out.")

    def settle(self, path: str, data: bytes, mark: bytes) -> str:
        """Take out what `quiet` put away: "same" when it has this content and is back in its place,
        "old" when it was somebody else's, now at .old; one of ours, with `mark` in it, is removed."""
        return self._run(code.SETTLE, path=path, wanted=hashlib.sha256(data).hexdigest(), mark=mark).strip()

    # --- asking

    def _put(self, path: str, data: bytes, digest: str) -> bool:
        try:
            self.line.run(code.filled(code.BEGIN, path=path + ".new"))
            for at in range(0, len(data), CHUNK_BYTES):
                self.line.run(f"w({data[at : at + CHUNK_BYTES]!r})")
            return "kept" in self.line.run(code.filled(code.FINISH, path=path, wanted=digest))
        except CodeFailed as error:
            if "ENOSPC" in str(error) or "Errno 28" in str(error):
                raise FlashFull(f"The flash of the board is full: {path} does not fit on it.") from error
            raise

    def _ask(self, source: str, **values: object) -> list[Any]:
        return self._parsed(code.lines, source, **values)

    def _parsed(self, parse: Callable[[str], Result], source: str, **values: object) -> Result:
        for _ in range(TRIES):
            try:
                return parse(self._run(source, **values))
            except ValueError:  # something else printed in between
                self.attend()
        raise BoardwalkError(
            f"The board at {self.line.port} answers with noise; press its reset button and try again."
        )

    def _run(self, source: str, **values: object) -> str:
        return self._again(lambda: self.line.run(code.filled(source, **values)))

    def _again(self, step: Callable[[], Result]) -> Result:
        for _ in range(TRIES - 1):
            try:
                return step()
            except LineBroken:
                self.attend()
            except CodeFailed as error:
                if "KeyboardInterrupt" not in str(error) and "MemoryError" not in str(error):
                    raise BoardwalkError(self._failed(error)) from error
                self.attend()
        try:
            return step()
        except (LineBroken, CodeFailed) as error:
            raise BoardwalkError(self._failed(error)) from error

    def _failed(self, error: Exception) -> str:
        last = (str(error).splitlines() or ["no answer"])[-1]
        return (
            f"The board at {self.line.port} does not do what it is asked ({last}); press its reset button "
            "and try again."
        )


def _decoded(printed: str) -> bytes | None:
    """The bytes that READ printed. Raises ValueError when something else was printed too."""
    *lines, end = printed.split()
    if end == "-":
        return None
    if end != ".":
        raise ValueError(end)
    return b"".join(base64.b64decode(line, validate=True) for line in lines)
