"""The stand-in for a board on CPython, for machines where no MicroPython runs: a folder is its flash.

The folder may hold `pins` (64 bytes, one per pin) and `adc` (64 numbers of two bytes, the low one first).
The process that starts this one plays the hardware: FIRMWARE_UART names the file descriptor of a connected
socket, FIRMWARE_CAUSE the cause of the start.
"""

import asyncio
import os
import socket
import sys
import time

from firmware.flash import Flash
from firmware.tls import trusting

PINS, ADC = "pins", "adc"


class HostBoard:
    """As `firmware.board.Board`, on CPython."""

    def __init__(self, root: str):
        os.makedirs(root, exist_ok=True)
        self.flash = Flash(root)
        sys.path.insert(0, root)  # so that /app.py is imported as on a board
        self._started = time.monotonic()
        self.battery = None

    def uptime_ms(self) -> int:
        return int((time.monotonic() - self._started) * 1000)

    def rtc_ms(self) -> int:
        return int(time.time() * 1000)

    def set_rtc(self, at_ms: int) -> None:
        pass  # the computer's clock is not ours to set

    def random(self) -> int:
        return int.from_bytes(os.urandom(4), "big")

    def reset_cause(self) -> str:
        return os.environ.get("FIRMWARE_CAUSE", "power")

    def reset(self) -> None:
        os.environ["FIRMWARE_CAUSE"] = "hard"
        os.execv(sys.executable, [sys.executable, "-m", "firmware.app", self.flash.root])

    def unique_id(self) -> str:
        return "host"

    def heap_free(self) -> int | None:
        return None

    def arm_watchdog(self, timeout_ms: int) -> None:
        pass  # its supervisor looks after a process that hangs

    def feed(self) -> None:
        pass

    def led(self, on: bool) -> None:
        pass

    def pin(self, number: int, pull_up: bool):
        def value() -> int:
            data = self.flash.read(PINS)
            return data[number] if data and number < len(data) else int(pull_up)

        return value

    def adc(self, number: int):
        def value() -> int:
            data = self.flash.read(ADC) or b""
            return int.from_bytes(data[2 * number : 2 * number + 2], "little")

        return value

    async def uart(self, number: int, baud: int, **more):
        descriptor = os.environ.get("FIRMWARE_UART")
        if descriptor is None:
            raise OSError("this process was given no serial port")
        # A copy, because the next start needs it when this one has ended and closed all that it opened.
        return await asyncio.open_connection(sock=socket.socket(fileno=os.dup(int(descriptor))))

    def join_wifi(self, ssid: str, password: str) -> None:
        pass

    def online(self) -> bool:
        return True

    def wifi_fault(self) -> str | None:
        return None

    def rssi(self) -> int | None:
        return None

    def tls_context(self):
        return trusting(self.flash)

    def no_delay(self, writer) -> None:
        pass  # asyncio sets TCP_NODELAY itself
