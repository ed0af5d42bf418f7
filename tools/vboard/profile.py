"""The differences between the boards that are simulated."""

import re
from dataclasses import dataclass, field

from tools.vboard.control import BUTTON, HARD, POWER, SLEEP, WATCHDOG

LEAST_HEAP_KIB = 64  # the firmware does not start with less
MOST_HEAP_KIB = 16 * 1024  # no board has more
BLOCK = 4096  # bytes; the erase block of both
EPOCH_2000_MS = 946_684_800_000
EPOCH_2021_MS = 1_609_459_200_000


@dataclass(frozen=True)
class Profile:
    """A kind of board.

    name: as in `--profile`. flash_bytes: size of the file system. prog_bytes: what littlefs programs at once.
    unset_clock_ms: where the clock stands after power-on, ms since 1970.
    heap_taken: bytes of heap that TLS takes there and not here.
    watchdog_ms: the longest time-out of its watchdog, 0 for any.
    unique_bytes: length of `machine.unique_id()`. hertz: clock of the processor.
    sysname, machine: as in `os.uname()`.
    causes: the value of `machine.reset_cause()` by cause; a soft reset leaves it as it was.
    """

    name: str
    flash_bytes: int
    prog_bytes: int
    unset_clock_ms: int
    heap_taken: int
    watchdog_ms: int
    unique_bytes: int
    hertz: int
    sysname: str
    machine: str
    causes: dict[int, int] = field(default_factory=dict)


PROFILES = {
    "esp32": Profile(
        name="esp32",
        flash_bytes=2 << 20,
        prog_bytes=32,
        unset_clock_ms=EPOCH_2000_MS,
        heap_taken=0,
        watchdog_ms=0,
        unique_bytes=6,
        hertz=160_000_000,
        sysname="esp32",
        machine="Virtual board with ESP32",
        # The button is wired to the chip's power-on reset; machine.reset() counts as SOFT_RESET there.
        causes={POWER: 1, BUTTON: 1, HARD: 5, WATCHDOG: 3, SLEEP: 4},
    ),
    "pico": Profile(
        name="pico",
        flash_bytes=848 << 10,
        prog_bytes=256,
        unset_clock_ms=EPOCH_2021_MS,
        heap_taken=30 << 10,
        watchdog_ms=8388,
        unique_bytes=8,
        hertz=125_000_000,
        sysname="rp2",
        machine="Virtual board with RP2040",
        # machine.reset() and the end of a sleep are done by the watchdog there.
        causes={POWER: 1, BUTTON: 1, HARD: 3, WATCHDOG: 3, SLEEP: 3},
    ),
}


def named(name: str) -> Profile:
    """The profile of this name. Raises ValueError, which lists all names."""
    if name not in PROFILES:
        raise ValueError(f"there is no profile {name!r}; there are {' and '.join(PROFILES)}")
    return PROFILES[name]


def heap_bytes(text: str) -> int:
    """The size in bytes of a heap that is written as 160K. Raises ValueError."""
    size = re.fullmatch(r"([0-9]{1,6})K", text)
    if size is None or not LEAST_HEAP_KIB <= int(size[1]) <= MOST_HEAP_KIB:
        raise ValueError(
            f"a heap is a number of KiB from {LEAST_HEAP_KIB} to {MOST_HEAP_KIB}, as 160K, not {text!r}"
        )
    return int(size[1]) * 1024
