"""A board for tests of parts: its clock stands still until it is told to move."""

from firmware.flash import Flash
from tests.firmware.crash_flash import CrashFlash


class FakeBoard:
    """What the parts of the firmware need of `firmware.board.Board`."""

    def __init__(self, flash: Flash | None = None) -> None:
        self.flash = flash or CrashFlash()
        self.now_ms = 0
        self.rtc = 0
        self.levels: dict[int, int] = {}
        self.cause = "power"
        self.battery: int | None = None
        self._random = 12345

    def uptime_ms(self) -> int:
        return self.now_ms

    def random(self) -> int:
        self._random = (self._random * 1103515245 + 12345) & 0xFFFFFFFF
        return self._random

    def rtc_ms(self) -> int:
        return self.rtc

    def set_rtc(self, at_ms: int) -> None:
        self.rtc = at_ms

    def reset_cause(self) -> str:
        return self.cause

    def no_delay(self, writer: object) -> None:
        pass

    def pin(self, number: int, pull_up: bool):
        return lambda: self.levels.get(number, int(pull_up))
