"""Stands in for `network`: one access point, which the host switches on and off, and gives a password."""

import time
from uos import getenv as _getenv

import _vctl

STA_IF = 0
AP_IF = 1
STAT_IDLE = 0
STAT_CONNECTING = 1
STAT_GOT_IP = 3
STAT_CONNECT_FAIL = -1
STAT_NO_AP_FOUND = -2
STAT_WRONG_PASSWORD = -3
JOIN_MS = 50
_IS_ESP32 = _getenv("VB_SYSNAME") == "esp32"
_REFUSED = 15 if _IS_ESP32 else STAT_WRONG_PASSWORD  # the reason of a handshake that ran out of time


class WLAN:
    IF_STA = 0
    IF_AP = 1

    def __init__(self, interface=STA_IF):
        self._active = False
        self._joined_at = None
        self._refused = False  # until the next connect(), as on chips
        self._gives_up = not _IS_ESP32  # which tries for ever, and then never says what is wrong

    def active(self, value=None):
        if value is None:
            return self._active
        self._active = bool(value)

    def connect(self, ssid=None, key=None, **_):
        if _IS_ESP32 and self.status() == STAT_CONNECTING:
            raise OSError("Wifi Internal State Error")
        wanted = bytes(_vctl.c.password).rstrip(b"\0")
        self._refused = wanted not in (b"", (key or "").encode())
        self._joined_at = time.ticks_add(time.ticks_ms(), JOIN_MS)

    def disconnect(self):
        self._joined_at = None

    def isconnected(self):
        return self.status() == STAT_GOT_IP

    def status(self, what=None):
        if what:
            return -55
        if self._joined_at is None:
            return STAT_IDLE
        if _vctl.c.wlan:
            return STAT_NO_AP_FOUND if self._gives_up else STAT_CONNECTING
        if self._refused:
            return _REFUSED if self._gives_up else STAT_CONNECTING
        joined = time.ticks_diff(time.ticks_ms(), self._joined_at) >= 0
        return STAT_GOT_IP if joined else STAT_CONNECTING

    def ifconfig(self, *_):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")

    def config(self, *names, **wanted):
        if "reconnects" in wanted:
            if not _IS_ESP32:
                raise ValueError("unknown config param")
            self._gives_up = wanted["reconnects"] >= 0
        if names:
            return b"\x5e\0\0\0\0\0" if names[0] == "mac" else 0

    def scan(self):
        return [] if _vctl.c.wlan else [(b"sim", b"\0" * 6, 1, -50, 4, False)]
