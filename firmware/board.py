"""The hardware: the only file that imports machine, network and their like.

It probes by import. Where there is no `machine`, `open_board` gives the CPython stand-in instead.
"""

import asyncio
import gc
import os
import time

from firmware.flash import Flash
from firmware.tls import trusting

try:
    import machine
except ImportError:
    machine = None
try:
    import network
except ImportError:
    network = None

CAUSES = ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET")
CAUSE_NAMES = ("power", "hard", "watchdog", "sleep", "soft")
WIFI_FAULTS = (
    ("STAT_NO_AP_FOUND", "no-wifi"), ("STAT_WRONG_PASSWORD", "wifi-password"),
    ("STAT_HANDSHAKE_TIMEOUT", "wifi-password"),
)  # fmt: skip
HANDSHAKE = 15  # of an ESP32, which names most reasons but not this one: usually a wrong password
EPOCH_2000_MS = 946_684_800_000


def open_board(root: str):
    """The board this code runs on, its file system at `root`."""
    if machine is None:
        from firmware.host import HostBoard

        return HostBoard(root)
    return Board(root)


class Uptime:
    """Milliseconds since this object was made; unlike ticks, which wrap after 12 days, they never wrap.

    It must be read at least once in six days (the heartbeat does).
    """

    def __init__(self, ticks, ticks_diff):
        self._ticks = ticks
        self._diff = ticks_diff
        self._seen = ticks()
        self._ms = 0

    def __call__(self) -> int:
        now = self._ticks()
        self._ms += self._diff(now, self._seen)
        self._seen = now
        return self._ms


class Board:
    """A MicroPython board, real or virtual. battery: its charge in percent, None when not told."""

    def __init__(self, root: str):
        self.flash = Flash(root)
        self.uptime_ms = Uptime(time.ticks_ms, time.ticks_diff)
        # MicroPython's clock counts from 1970 on some ports and from 2000 on others.
        self._clock_base_ms = EPOCH_2000_MS if time.gmtime(0)[0] == 2000 else 0
        self._wlan = None
        self._watchdog = None
        self._led = None
        self.battery = None  # percent, set by a program that measures it

    def rtc_ms(self) -> int:
        """The time of the real-time clock, ms since 1970 UTC; wrong after a power cut."""
        return time.time() * 1000 + self._clock_base_ms

    def set_rtc(self, at_ms: int) -> None:
        """Set the real-time clock, to the second."""
        t = time.gmtime((at_ms - self._clock_base_ms) // 1000)
        machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))

    def random(self) -> int:
        """32 random bits, good enough for an epoch."""
        return int.from_bytes(os.urandom(4), "big")

    def reset_cause(self) -> str:
        """The cause of the board's start: power, hard, watchdog, sleep, soft or unknown."""
        cause = machine.reset_cause()
        for constant, name in zip(CAUSES, CAUSE_NAMES):  # noqa: B905 - MicroPython has no strict
            if getattr(machine, constant, None) == cause:
                return name
        return "unknown"

    def reset(self) -> None:
        """Restart as if the reset button had been pressed."""
        machine.reset()

    def unique_id(self) -> str:
        """The chip's number, in hex."""
        return machine.unique_id().hex()

    def heap_free(self) -> int:
        """Bytes of heap that are free after a collection."""
        gc.collect()
        return gc.mem_free()

    def arm_watchdog(self, timeout_ms: int) -> None:
        """Arm the watchdog: from now on `feed` must be called more often than this. It cannot be undone."""
        self._watchdog = machine.WDT(timeout=timeout_ms)

    def feed(self) -> None:
        """Tell the watchdog that the application is alive."""
        if self._watchdog:
            self._watchdog.feed()

    def led(self, on: bool) -> None:
        """Switch the board's LED, if it has one."""
        try:
            if self._led is None:
                self._led = machine.Pin("LED", machine.Pin.OUT)
            self._led.value(1 if on else 0)
        except (ValueError, TypeError, OSError):
            pass  # this port names no LED

    def pin(self, number: int, pull_up: bool):
        """A function that reads an input pin: 0 or 1."""
        pull = machine.Pin.PULL_UP if pull_up else getattr(machine.Pin, "PULL_DOWN", -1)
        return machine.Pin(number, machine.Pin.IN, pull).value

    def adc(self, number: int):
        """A function that reads an analog input: 0 to 65535."""
        return machine.ADC(number).read_u16

    async def uart(self, number: int, baud: int, **more):
        """Reader and writer of a serial port; `more` are arguments of machine.UART."""
        port = machine.UART(number, baud, **more)
        return asyncio.StreamReader(port), asyncio.StreamWriter(port, {})

    def join_wifi(self, ssid: str, password: str) -> None:
        """Begin to join a network, unless this is under way or done."""
        if self._wlan is None:
            self._wlan = network.WLAN(network.STA_IF)
            self._wlan.active(True)
            try:
                self._wlan.config(reconnects=0)  # an ESP32 that tries by itself never tells why it is refused
            except (ValueError, TypeError):
                pass  # other chips do not
        if not self._wlan.isconnected():
            try:
                self._wlan.connect(ssid, password)
            except OSError:
                pass  # it is under way already, and `wifi_fault` tells how it ends

    def online(self) -> bool:
        """Whether there is a network: True for a board that never joined Wi-Fi."""
        return self._wlan is None or self._wlan.isconnected()

    def wifi_fault(self) -> str | None:
        """The trouble that keeps the board off the network, None while that is not known."""
        status = self._wlan.status()
        for name, fault in WIFI_FAULTS:
            if getattr(network, name, None) == status:
                return fault
        return "wifi-password" if status == HANDSHAKE else None

    def rssi(self) -> int | None:
        """Strength of the Wi-Fi signal in dBm, None without Wi-Fi."""
        try:
            return self._wlan.status("rssi") if self._wlan else None
        except (ValueError, OSError):
            return None

    def tls_context(self):
        """A TLS context that trusts only the certificates in /ca.der and /ca2.der."""
        return trusting(self.flash)

    def no_delay(self, writer) -> None:
        """Send small packets at once, because the board waits for the edge's answer to each."""
        try:
            writer.s.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY; MicroPython names neither
        except (AttributeError, OSError):
            pass  # a TLS stream or a port without the option: only slower
