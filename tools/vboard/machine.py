"""What a virtual board needs from whatever runs its firmware."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Ended = Callable[[str], None]  # called with "died", "soft", "hard", "sleep" or "ended"


@dataclass(frozen=True)
class Lines:
    """The wires of a board that starts: console (a file descriptor to write to) and serial port.
    Whoever gets them closes both once the firmware has its own copies."""

    console: int
    uart: socket.socket


class Machine(Protocol):
    """Processor, flash and pins of one board."""

    pid: int | None

    @property
    def erases(self) -> int:
        """Blocks of flash erased, over all lives."""

    @property
    def written(self) -> int:
        """Bytes of flash programmed, over all lives."""

    def prepare(self, files: dict[str, bytes]) -> None:
        """Put the firmware and these files on the flash; everything else on it stays."""

    def start(self, cause: int, lines: Lines, ended: Ended) -> None:
        """Begin a life; `ended` is called when it ends by itself."""

    def kill(self) -> None:
        """End this life at once."""

    def cut_after(self, flash_bytes: int) -> None:
        """Let the power fail in the middle of coming flash writes."""

    def is_starved(self) -> bool:
        """Whether the watchdog should bite."""

    def wifi(self, up: bool) -> None:
        """Show or hide the access point."""

    def clock(self, at_ms: int | None) -> None:
        """Set the clock that this and later lives begin with; None: unset, as after power-on."""

    def pin(self, number: int) -> int: ...

    def set_pin(self, number: int, level: int) -> None: ...

    def close(self) -> None:
        """Free everything; the flash stays."""
