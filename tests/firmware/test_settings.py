"""Settings are checked, and what is wrong is named."""

import json
from pathlib import Path

import pytest

from firmware.errors import SettingsError
from firmware.flash import Flash
from firmware.inputs import CASTS
from firmware.settings import COLUMNS, checked, load
from tests.firmware.crash_flash import CrashFlash

GOOD = {"site": "shop", "device": "till-1", "secret": "s", "host": "10.0.0.2"}


def test_what_is_not_told_has_a_default() -> None:
    told = checked(GOOD)
    assert (told.port, told.tls, told.wifi, told.inputs) == (1883, False, {}, [])
    assert (told.keepalive, told.outbox_bytes, told.watchdog_ms) == (30, 622_592, 0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("site", "Shop"), ("device", ""), ("device", None), ("secret", 5), ("port", 0),
        ("port", "1883"), ("tls", 1), ("wifi", {"password": "x"}), ("inputs", [5]),
        ("inputs", {}), ("outbox_bytes", 10), ("watchdog_ms", 9000), ("keepalive", 1),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_the_name_of_its_key(key: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"^settings: {key} must be "):
        checked({**GOOD, key: value})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(SettingsError, match="unknown key hots"):
        checked({**GOOD, "hots": "x"})


@pytest.mark.parametrize(
    ("data", "reason"),
    [(None, "missing"), (b"{", "no JSON"), (b"[" * 100_000, "no JSON"), (b"[1]", "must be an object")],
)
def test_a_file_that_holds_no_settings_is_named(data: bytes | None, reason: str) -> None:
    flash = CrashFlash()
    if data is not None:
        flash.set("settings.json", data)
    with pytest.raises(SettingsError, match=reason):
        load(flash)


BUTTON = {"type": "button", "kind": "x", "pin": 4}
SERIAL = {"type": "serial", "kind": "x", "uart": 1, "fields": ["item"]}


@pytest.mark.parametrize(
    "config",
    [
        5, {}, {**BUTTON, "type": "smell"}, {**BUTTON, "type": ["button"]}, {**BUTTON, "pin": "4"},
        {"type": "button", "kind": "x"}, {**BUTTON, "active": "low"}, {**BUTTON, "critical": 1},
        {**SERIAL, "uart": None}, {**SERIAL, "fields": {"item": "coffee"}}, {**SERIAL, "fields": ["a:date"]},
        {"type": "serial", "kind": "x", "uart": 1}, {**SERIAL, "baud": "fast"},
        {**SERIAL, "fields": [5]}, {**SERIAL, "fields": ["no name"]}, {**BUTTON, "fields": {"a": {}}},
        {**BUTTON, "fields": "item"}, {**BUTTON, "kind": "Order!"}, {**BUTTON, "kind": 5},
        {**BUTTON, "kind": ["x"]}, {"type": "button", "pin": 4},
    ],
)  # fmt: skip
def test_an_input_that_cannot_work_is_refused(config: object) -> None:
    with pytest.raises(SettingsError, match=r"^settings: inputs"):
        checked({**GOOD, "inputs": [config]})


@pytest.mark.parametrize(
    "config",
    [
        BUTTON, {**BUTTON, "fields": {"item": "bell"}, "active": 0, "critical": True}, SERIAL,
        {**SERIAL, "fields": ["item:text", "quantity:int", "grams:float"], "baud": 9600}, {**SERIAL, "fields": []},
    ],
)  # fmt: skip
def test_an_input_names_what_it_needs(config: object) -> None:
    assert checked({**GOOD, "inputs": [config]}).inputs == [config]


def test_the_kinds_of_columns_are_those_that_a_serial_line_is_read_as() -> None:
    assert {*COLUMNS} == {"", *CASTS}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load(Flash(str(tmp_path)))


def test_settings_are_read_from_flash() -> None:
    flash = CrashFlash()
    flash.set("settings.json", json.dumps(GOOD).encode())
    assert load(flash).device == "till-1"
