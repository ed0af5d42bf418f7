"""The settings of a board: /settings.json, checked.

Boards load this module only while they read their settings.
"""

import json

from firmware.errors import SettingsError
from firmware.wire import event, topics
from firmware.wire.errors import WireError

PATH = "settings.json"


# key: (type, default, what is allowed)
KEYS = {
    "site": (str, None, "1 to 32 of a-z, 0-9 and -, not - first"),
    "device": (str, None, "1 to 32 of a-z, 0-9 and -, not - first"),
    "secret": (str, None, "text"),
    "host": (str, None, "name or address of the edge"),
    "port": (int, 1883, "1 to 65535"),
    "tls": (bool, False, "true or false"),
    "keepalive": (int, 30, "seconds, 2 to 3600"),
    "wifi": (dict, {}, '{"ssid": text, "password": text}'),
    "inputs": (list, [], "a list of inputs"),
    "outbox_bytes": (int, 608 * 1024, "bytes, at least 16384"),
    "watchdog_ms": (int, 0, "0 for none, or 1000 to 8388"),  # 8388: all that an RP2 can do
    "floor": (int, 0, "ms since 1970 UTC"),
}
# type of input: (key, type, whether it may be left out)
INPUTS = {
    "button": (("pin", int, False), ("active", int, True), ("fields", dict, True), ("critical", bool, True)),
    "serial": (("uart", int, False), ("baud", int, True), ("fields", list, False), ("critical", bool, True)),
}
COLUMNS = ("", "text", "int", "float")


class Settings:
    """The checked settings: one attribute per key of KEYS. Methods of it would keep this module."""


def checked(values: dict[str, object]) -> Settings:
    """The settings in a JSON object. Raises SettingsError."""
    told = Settings()
    for key in values:
        if key not in KEYS:
            raise SettingsError("settings: unknown key " + str(key))
    for key, (kind, default, allowed) in KEYS.items():
        value = values.get(key, default)
        if type(value) is not kind:
            raise SettingsError("settings: %s must be %s" % (key, allowed))
        setattr(told, key, value)
    _check_ranges(told)
    _check_parts(told)
    return told


def _check_ranges(told) -> None:
    _require("site", topics.is_name(told.site))
    _require("device", topics.is_name(told.device))
    _require("port", 0 < told.port < 65536)
    _require("keepalive", 2 <= told.keepalive <= 3600)
    _require("outbox_bytes", told.outbox_bytes >= 16384)
    _require("watchdog_ms", told.watchdog_ms == 0 or 1000 <= told.watchdog_ms <= 8388)
    _require("floor", told.floor >= 0)


def _check_parts(told) -> None:
    if told.wifi:
        _require("wifi", isinstance(told.wifi.get("ssid"), str))
        _require("wifi", isinstance(told.wifi.get("password", ""), str))
    for each in told.inputs:
        _check_input(each)


def _check_input(config) -> None:
    _require("inputs", isinstance(config, dict))
    what = config.get("type")
    if not isinstance(what, str) or what not in INPUTS:
        raise SettingsError("settings: inputs: type must be button or serial")
    for key, kind, optional in INPUTS[what]:
        value = config.get(key)
        if type(value) is not kind and not (optional and value is None):
            raise SettingsError("settings: inputs: a %s needs %s" % (what, key))
    fields = config.get("fields") or {}
    if isinstance(fields, list):
        fields = _columns(fields)
    try:
        event.encode(event.Event(config.get("kind"), fields, 0, 0, 0, 0))
    except WireError as error:
        raise SettingsError("settings: inputs: " + error.reason)


def _columns(names) -> dict[str, str]:
    """Fields of an event as a serial line makes them."""
    found = {}
    for each in names:
        _require("inputs", isinstance(each, str))
        name, _, kind = each.partition(":")
        if kind not in COLUMNS:
            raise SettingsError("settings: inputs: a field is text, int or float, not " + kind)
        found[name] = "text"
    return found


def _require(key: str, holds: bool) -> None:
    if not holds:
        raise SettingsError("settings: %s must be %s" % (key, KEYS[key][2]))


def load(flash) -> Settings:
    """The settings on this flash. Raises SettingsError when they are missing or wrong."""
    try:
        data = flash.read(PATH)
    except OSError as error:
        raise SettingsError("settings: /settings.json cannot be read: " + str(error))
    if data is None:
        raise SettingsError("settings: /settings.json is missing")
    try:
        values = json.loads(data)
    except (ValueError, RuntimeError, MemoryError):  # the latter two: nested too deeply
        raise SettingsError("settings: /settings.json is no JSON")
    if not isinstance(values, dict):
        raise SettingsError("settings: /settings.json must be an object")
    return checked(values)
