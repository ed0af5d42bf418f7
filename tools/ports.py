"""The serial ports of boards."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from server.errors import BoardwalkError

# USB vendor and product of boards with MicroPython; None stands for all products of the vendor.
KNOWN: dict[tuple[int, int | None], str] = {
    (0x2E8A, None): "Raspberry Pi",
    (0x303A, None): "Espressif",
    (0xF055, None): "MicroPython",
    (0x10C4, 0xEA60): "CP210x",
    (0x1A86, 0x7523): "CH340",
    (0x1A86, 0x55D4): "CH9102",
    (0x0403, 0x6001): "FT232",
    (0x0403, 0x6015): "FT231X",
}


class Listed(Protocol):
    """A port, as pyserial tells it."""

    device: str
    vid: int | None
    pid: int | None


def find(given: str | None, listed: Iterable[Listed] | None = None) -> str:
    """The given port, else the only one with a board. Raises BoardwalkError, which lists them.

    listed: the ports of this machine, None to ask for them.
    """
    if given is not None:
        return existing(given)
    if listed is None:
        from serial.tools.list_ports import comports  # of the extra `flash`

        listed = comports()
    found = {
        port.device: kind for port in sorted(listed, key=lambda one: one.device) if (kind := _kind(port))
    }
    if len(found) == 1:
        return str(next(iter(found)))
    if not found:
        raise BoardwalkError(
            "No board is on USB; connect one with a cable that carries data, or name its port, as in "
            "boardwalk flash /dev/ttyACM0 (a virtual board's: boardwalk vboard list)."
        )
    names = ", ".join(f"{device} ({kind})" for device, kind in found.items())
    raise BoardwalkError(
        f"There are several boards: {names}; name one, as in boardwalk flash {next(iter(found))}."
    )


def _kind(port: Listed) -> str | None:
    if port.vid is None:
        return None
    return KNOWN.get((port.vid, port.pid)) or KNOWN.get((port.vid, None))


def existing(given: str) -> str:
    """The path of a port that somebody named. Raises BoardwalkError when it does not exist."""
    if given.upper().startswith("COM"):  # Windows lists them nowhere in the file system
        return given
    path = Path(given)
    if not path.exists():
        raise BoardwalkError(
            f"There is no port {given!r}; boards on USB are at /dev/ttyACM0 and the like, those of boardwalk "
            "vboard list at /dev/pts/3 and the like."
        )
    if not path.is_char_device():
        raise BoardwalkError(f"{given!r} is no serial port.")
    return str(path.resolve())  # mpremote is slow at a pseudo-terminal that hides behind a link


def why(port: str, error: OSError) -> str:
    """The sentence for a port that pyserial does not open."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"You may not use {port}; on Linux, join the group dialout (sudo usermod -aG dialout $USER)."
    if "lock" in str(error) or error.errno in (errno.EAGAIN, errno.EBUSY):
        return f"Another program uses {port}; end it (a monitor, mpremote, an editor) and try again."
    if error.errno is None:  # it opened, but has no baud rate
        return f"{port} is no serial port."
    return f"{port} cannot be opened ({os.strerror(error.errno)}); is the board plugged in?"
