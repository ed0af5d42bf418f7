"""`os` of a board: the Unix port's, and `uname`."""

from collections import namedtuple
from uos import *  # noqa: F403
from uos import getenv as _getenv

_Uname = namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))


def uname():
    name = _getenv("VB_SYSNAME")
    return _Uname(name, name, "1.29.0", "v1.29.0 virtual", _getenv("VB_MACHINE"))
