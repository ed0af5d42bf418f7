"""`time` of a board: whole seconds, and a clock that may be unset or wrong.

ticks_ms stays the Unix port's: asyncio's core is built on that one.
"""

import utime as _utime
from utime import *  # noqa: F403

import _vctl


def time():
    return int(_utime.time()) + _vctl.c.rtc_offset


def gmtime(seconds=None):
    return _utime.gmtime(time() if seconds is None else seconds)


localtime = gmtime
