"""Stands in for `machine` of a board; the Unix port's own has neither resets nor clock."""

import time as _time
from uos import getenv as _getenv
from umachine import *  # noqa: F403
from umachine import PinBase as _PinBase

import _vctl

_page = _vctl.c

PWRON_RESET = 1
WDT_RESET = 3
if _getenv("VB_SYSNAME") == "esp32":  # others name only the causes that they can tell
    HARD_RESET = 2
    DEEPSLEEP_RESET = 4
    SOFT_RESET = 5
_WDT_MOST_MS = int(_getenv("VB_WATCHDOG_MS"))


def reset_cause():
    return _page.cause


def soft_reset():
    raise SystemExit


def reset():
    _vctl.ring(2)


def bootloader(timeout=None):
    _vctl.ring(3)


def deepsleep(ms=0):
    while not ms:  # only a reset ends it
        _time.sleep_ms(1000)
    _time.sleep_ms(ms)
    _vctl.ring(4)


def lightsleep(ms=0):
    _time.sleep_ms(ms)


def freq(*hertz):
    return int(_getenv("VB_HERTZ"))


def unique_id():
    return b"\x5e" + _page.unique.to_bytes(int(_getenv("VB_UNIQUE")) - 1, "big")


def UART(number, baud=115200, **more):
    return open(_vctl.UART_FD, "r+b")


class WDT:
    def __init__(self, id=0, timeout=5000):
        if 0 < _WDT_MOST_MS < timeout:
            raise ValueError("timeout exceeds %d" % _WDT_MOST_MS)
        self.feed()
        _page.wdt_ms = timeout

    def feed(self):
        _page.wdt_fed = _time.ticks_ms()


class Pin(_PinBase):
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None):
        self._number = id if isinstance(id, int) else 25
        if not 0 <= self._number < 64:
            raise ValueError("invalid pin")
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            return _page.pins[self._number]
        _page.pins[self._number] = 1 if level else 0

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(not self.value())

    def irq(self, *_, **__):
        pass


class ADC:
    def __init__(self, pin, **_):
        self._number = pin if isinstance(pin, int) else pin._number

    def read_u16(self):
        return _page.adc[self._number]


class RTC:
    def datetime(self, new=None):
        import utime

        if new is None:
            t = _time.gmtime()
            return (t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0)
        wanted = _time.mktime((new[0], new[1], new[2], new[4], new[5], new[6], 0, 0))
        _page.rtc_offset = wanted - int(utime.time())

    def memory(self, data=None):
        if data is None:
            return bytes(_page.rtc_memory[i] for i in range(_page.rtc_size))
        for i in range(len(data)):
            _page.rtc_memory[i] = data[i]
        _page.rtc_size = len(data)
