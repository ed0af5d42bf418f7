"""The disk of an edge, watched: every act on its data folder, and what a power cut may leave of them."""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePath

from tests.faults.power.medium import File, Image, Medium, Names

HEAD = struct.Struct("<cQQHI")  # struct record of disk.c
Act = tuple[bytes, int, int, PurePath, bytes]  # kind, inode, at, path, data; see disk.c


class Disk:
    """`<folder>/data`, watched by `library` (see `build`)."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.folder = folder
        self.library = library
        self._journal = folder / "disk.journal"
        self._slow = folder / "disk.slow"
        self._before: list[tuple[Path, int, bytes | None]] = []

    def environ(self) -> dict[str, str]:
        """What lets a program be watched."""
        return {
            "LD_PRELOAD": str(self.library),
            "DISK_FOLDER": str(self.folder),
            "DISK_JOURNAL": str(self._journal),
            "DISK_SLOW": str(self._slow),
        }

    def begin(self) -> None:
        """Take what is there for certain; to be called before each start."""
        self._journal.write_bytes(b"")
        data = self.folder / "data"
        found = [path for path in (data, *data.rglob("*")) if path.is_dir() or path.is_file()]
        self._before = [
            (path, path.stat().st_ino, path.read_bytes() if path.is_file() else None) for path in found
        ]

    def slow(self, ms: int) -> None:
        """Let each fsync from now on take so much longer."""
        self._slow.write_text(str(ms))

    @property
    def moment(self) -> int:
        """A name for now, for `medium`."""
        return self._journal.stat().st_size

    def medium(self, moment: int | None = None) -> Medium:
        """The disk at a moment since `begin`; by default after the last act."""
        journal = self._journal.read_bytes()[:moment]
        inodes = {
            inode: File(bytearray(data or b""), is_folder=data is None) for _, inode, data in self._before
        }
        medium = Medium({path: inodes[inode] for path, inode, _ in self._before})
        for number, (kind, inode, at, path, data) in enumerate(_acts(journal)):
            if kind in b"WT" and inode in inodes:  # others are not of the data folder: our own log
                inodes[inode].later.append((number, (at, data if kind == b"W" else None)))
            elif kind == b"S":
                inodes[inode].confirm(at)
            elif kind == b"D":
                medium.confirm(path, at)
            elif kind in b"CMUR":
                medium.change(number, _changed(medium, inodes, (kind, inode, at, path, data)))
        return medium

    def put(self, image: Image) -> None:
        """Let the data folder be an image, and nothing else."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        put(image, self.folder, self.folder)


def _changed(medium: Medium, inodes: dict[int, File], act: Act) -> Names:
    kind, inode, _, path, data = act
    if kind == b"U":
        return {path: None}
    if kind == b"R":
        return {path: None, PurePath(data.decode()): medium.now[path]}
    if kind == b"M":
        return {path: File(is_folder=True)}
    inodes[inode] = File()  # the number may have been another file's
    return {path: inodes[inode]}


def put(image: Image, origin: Path, folder: Path) -> None:
    """Write an image of what was in `origin` into a folder."""
    for name, data in image.items():
        path = folder / name.relative_to(origin)
        if data is None:
            path.mkdir(mode=0o700)
        else:
            path.write_bytes(data)


def build(folder: Path) -> Path:
    """Compile disk.c into a folder."""
    assert shutil.which("cc"), "this test needs a C compiler: make deps"
    library = folder / "disk.so"
    flags = ["-std=gnu11", "-O2", "-U_FORTIFY_SOURCE", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread"]
    subprocess.run(["cc", *flags, "-o", library, Path(__file__).with_name("disk.c")], check=True)
    return library


def _acts(journal: bytes) -> Iterator[Act]:
    """The whole records; one that a kill cut short was of an act that nobody relies on."""
    at = 0
    while at + HEAD.size <= len(journal):
        kind, inode, where, path_size, data_size = HEAD.unpack_from(journal, at)
        at += HEAD.size + path_size
        path, data = journal[at - path_size : at], journal[at : at + data_size]
        at += data_size
        if at <= len(journal):
            yield kind, inode, where, PurePath(path.decode()), data
