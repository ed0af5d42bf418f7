"""Modules that a board needs for a moment, and whose memory it wants back."""

import sys

import firmware


def module(name: str):
    """The module firmware.NAME, which goes when the caller lets go of it."""
    __import__("firmware." + name)
    del sys.modules["firmware." + name]
    found = getattr(firmware, name)
    delattr(firmware, name)
    return found
