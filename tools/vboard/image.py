"""Builds the flash of a board as a littlefs image, and the simulator's ROM."""

from functools import cache
from pathlib import Path

from littlefs import LittleFS, LittleFSError
from mpremote.romfs import VfsRomWriter

from tools.release.slot import compiled
from tools.vboard.profile import BLOCK, Profile

SIM = Path(__file__).parent / "sim"


@cache
def rom() -> bytes:
    """A ROMFS with the modules that simulate the hardware."""
    writer = VfsRomWriter()
    for source in sorted(SIM.glob("*.py")):
        writer.mkfile(source.stem + ".mpy", compiled(source, source.name))
    data: bytes = bytes(writer.finalise())
    return data


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
    except LittleFSError:  # beyond repair: format, as a developer does, and MicroPython at its first start
        files.format()
        files.mount()
    return files


def prepared(profile: Profile, files: dict[str, bytes], data: bytes | None) -> bytes:
    """An image with these files; all others on the given image stay."""
    image = _mounted(profile, data)
    for path, content in files.items():
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
