"""The page of memory that a board and its host share: buttons and gauges of the simulated hardware.

`sim/_vctl.py` describes the same layout to MicroPython.
"""

import ctypes
import mmap
import struct

SIZE = 4096
STARTING, RUNNING, OVER = 0, 1, 2  # boot.py and main.py: not yet, now, or done
NO_CUT = -1
POWER, BUTTON, HARD, WATCHDOG, SLEEP, SOFT = range(6)  # the causes of a start
ASK_SOFT, ASK_RESET, ASK_BOOTLOADER, ASK_SLEEP, DIED = 1, 2, 3, 4, 9  # the requests of a board

_CUT, _WRITTEN, _ERASES, _WATCHDOG_MS, _FED_AT = 0, 4, 8, 12, 16
_CAUSE, _WLAN, _ASKED, _PROGRAM, _MISSED, _UNIQUE, _CLOCK, _PINS = 24, 28, 32, 36, 40, 44, 48, 64
_ADC, _PASSWORD, PASSWORD_BYTES = 2304, 2432, 64  # a password ends with a zero


def address_of(memory: mmap.mmap) -> int:
    """The address of a mapping; the same in a child, if it was mapped before the fork."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


class ControlPage:
    """The shared page. Counters run on over resets and power cuts."""

    def __init__(self, unique: int) -> None:
        self._page = mmap.mmap(-1, SIZE)
        self.address = address_of(self._page)
        self._put("<i", _CUT, NO_CUT)
        self._put("<I", _UNIQUE, unique)

    def _put(self, form: str, at: int, value: int) -> None:
        struct.pack_into(form, self._page, at, value)

    def _get(self, form: str, at: int) -> int:
        value: int = struct.unpack_from(form, self._page, at)[0]
        return value

    def begin(self, cause: int, number: int | None) -> None:
        """Prepare a start with this cause. number: the value of `machine.reset_cause()`, None for the one
        that it had before."""
        if number is not None:
            self._put("<I", _CAUSE, number)
        self._put("<I", _ASKED, 0)
        self._put("<I", _PROGRAM, STARTING)
        if cause != SOFT:  # a soft reset does not disarm the watchdog
            self._put("<I", _WATCHDOG_MS, 0)
        if cause == POWER:
            self._put("<i", _CUT, NO_CUT)

    def cut_after(self, flash_bytes: int) -> None:
        """Let the power fail after `flash_bytes` more of flash writes, NO_CUT for never."""
        self._put("<i", _CUT, flash_bytes)

    @property
    def asked(self) -> int:
        """The request of the board."""
        return self._get("<I", _ASKED)

    @property
    def program(self) -> int:
        """The state of the program: STARTING, RUNNING or OVER."""
        return self._get("<I", _PROGRAM)

    @property
    def missed(self) -> int:
        """How many interrupts the flash driver dropped, which must be sent again."""
        return self._get("<I", _MISSED)

    @property
    def erases(self) -> int:
        return self._get("<I", _ERASES)

    @property
    def written(self) -> int:
        """Bytes programmed."""
        return self._get("<I", _WRITTEN)

    def is_starved(self, now_ms: int) -> bool:
        """Whether the watchdog is armed and was not fed in time; `now_ms` is monotonic."""
        limit = self._get("<I", _WATCHDOG_MS)
        return bool(limit) and now_ms - self._get("<Q", _FED_AT) > limit

    def wifi(self, up: bool) -> None:
        self._put("<I", _WLAN, 0 if up else 1)

    def password(self, text: str) -> None:
        """Set the password that the access point asks for; with "" it takes any."""
        data = text.encode()
        if len(data) >= PASSWORD_BYTES:
            raise ValueError("a Wi-Fi password has at most 63 bytes")
        self._page[_PASSWORD : _PASSWORD + PASSWORD_BYTES] = data.ljust(PASSWORD_BYTES, b"\0")

    def clock_offset(self, seconds: int) -> None:
        """Set by how many seconds the board's real-time clock is ahead of the host's."""
        self._put("<q", _CLOCK, seconds)

    def pin(self, number: int) -> int:
        return self._page[_PINS + _checked(number)]

    def set_pin(self, number: int, level: int) -> None:
        self._page[_PINS + _checked(number)] = 1 if level else 0

    def set_adc(self, number: int, value: int) -> None:
        if not 0 <= value < 65536:
            raise ValueError("an analog input reads 0 to 65535")
        self._put("<H", _ADC + 2 * _checked(number), value)


def _checked(number: int) -> int:
    if not 0 <= number < 64:
        raise ValueError("a pin is 0 to 63")
    return number
