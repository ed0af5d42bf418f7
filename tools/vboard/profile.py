"""What differs between the boards that we imitate."""

from dataclasses import dataclass

BLOCK = 4096  # bytes; the erase block of both
EPOCH_2000_MS = 946_684_800_000
EPOCH_2021_MS = 1_609_459_200_000


@dataclass(frozen=True)
class Profile:
    """A kind of board.

    flash_bytes: size of the file system. prog_bytes: what littlefs programs at once.
    unset_clock_ms: where the clock stands after power-on, ms since 1970.
    heap_taken: bytes of heap that TLS takes there and not here.
    machine: what `os.uname().machine` says.
    """

    name: str
    flash_bytes: int
    prog_bytes: int
    unset_clock_ms: int
    heap_taken: int
    machine: str


PROFILES = {
    "esp32": Profile("esp32", 2 << 20, 32, EPOCH_2000_MS, 0, "Virtual board with ESP32"),
    "pico": Profile("pico", 848 << 10, 256, EPOCH_2021_MS, 30 << 10, "Virtual board with RP2040"),
}
