"""The control page as MicroPython sees it (layout: tools/vboard/control.py)."""

import os
import uctypes
import utime

BELL_FD = 4  # the host waits at the other end
UART_FD = 3

c = uctypes.struct(
    int(os.getenv("VB_CTL")),
    {
        "cut": uctypes.INT32 | 0,
        "written": uctypes.UINT32 | 4,
        "erases": uctypes.UINT32 | 8,
        "wdt_ms": uctypes.UINT32 | 12,
        "wdt_fed": uctypes.UINT64 | 16,
        "cause": uctypes.UINT32 | 24,
        "wlan": uctypes.UINT32 | 28,
        "asked": uctypes.UINT32 | 32,
        "program": uctypes.UINT32 | 36,
        "missed": uctypes.UINT32 | 40,
        "unique": uctypes.UINT32 | 44,
        "rtc_offset": uctypes.INT64 | 48,
        "pins": (uctypes.ARRAY | 64, 64 | uctypes.UINT8),
        "rtc_size": uctypes.UINT32 | 128,
        "rtc_memory": (uctypes.ARRAY | 256, 2048 | uctypes.UINT8),
        "adc": (uctypes.ARRAY | 2304, 64 | uctypes.UINT16),
        "password": (uctypes.ARRAY | 2432, 64 | uctypes.UINT8),
    },
)
_bell = open(BELL_FD, "wb")


def ring(what):
    """Ask the host for an end of this life, and do nothing until it comes."""
    c.asked = what
    _bell.write(b"!")
    while True:
        utime.sleep_ms(1000)
