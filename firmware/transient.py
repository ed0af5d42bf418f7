"""Modules that a board needs only for a moment, so that their memory becomes free again."""

import sys

import firmware


def module(name: str):
    """The module firmware.NAME, whose memory is free when the caller drops it."""
    __import__("firmware." + name)
    del sys.modules["firmware." + name]
    found = getattr(firmware, name)
    delattr(firmware, name)
    return found
