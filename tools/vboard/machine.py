"""The interface of a virtual board to the machine that runs its firmware."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Ended = Callable[[str], None]  # called with "died", "soft", "hard", "sleep" or "ended"


@dataclass(frozen=True)
class Lines:
    """The wires of a board that starts; their maker closes them when the firmware has its own copies.

    console: a file descriptor of a terminal. uart: a socket. raw: whether the prompt comes up in raw mode,
    where main.py does not run.
    """

    console: int
    uart: socket.socket
    raw: bool = False


class Machine(Protocol):
    """Processor, flash and pins of one board. pid: of its process, None while it is off."""

    pid: int | None
    listens: bool  # whether it reads what is typed at the console

    @property
    def is_starting(self) -> bool:
        """Whether boot.py has not begun yet."""

    @property
    def is_idle(self) -> bool:
        """Whether main.py has ended, and only the prompt waits."""

    def interrupt(self) -> bool:
        """Raise KeyboardInterrupt in the running program; False when no program runs that allows it."""

    def is_interrupting(self) -> bool:
        """Whether the program may not have got the interrupt yet."""

    @property
    def erases(self) -> int:
        """Blocks of flash erased, over all lives."""

    @property
    def written(self) -> int:
        """Bytes of flash programmed, over all lives."""

    def prepare(self, files: dict[str, bytes], blank: bool) -> None:
        """Put the firmware (unless `blank`) and these files on the flash; everything else on it stays."""

    def start(self, cause: int, lines: Lines, ended: Ended) -> None:
        """Begin a life; `ended` is called when it ends by itself."""

    def kill(self) -> None:
        """End this life at once."""

    def cut_after(self, flash_bytes: int) -> None:
        """Let the power fail in the middle of flash writes, after `flash_bytes` of them."""

    def is_starved(self) -> bool:
        """Whether the watchdog should reset the board."""

    def wifi(self, up: bool) -> None:
        """Show or hide the access point."""

    def clock(self, at_ms: int | None) -> None:
        """Set the clock that this and later lives begin with; None for unset, as after power-on."""

    def pin(self, number: int) -> int: ...

    def set_pin(self, number: int, level: int) -> None: ...

    def set_adc(self, number: int, value: int) -> None:
        """Set what an analog input reads, 0 to 65535."""

    def password(self, text: str) -> None:
        """Set the password that the access point asks for; with "" it takes any."""

    def close(self) -> None:
        """Free everything; the flash stays."""
