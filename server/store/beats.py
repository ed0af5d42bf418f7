"""The number of minutes of each hour in which a device was heard, one row per device and day."""

import sqlite3
from collections.abc import Iterable, Mapping

HOURS = 24
Day = tuple[str, int]  # a device, and days since 1970 UTC


def load(connection: sqlite3.Connection) -> dict[Day, bytearray]:
    """All days, each with the minutes (0 to 60) of its 24 hours."""
    rows = connection.execute("SELECT device, day, hours FROM beat")
    return {(device, day): bytearray(hours) for device, day, hours in rows}


def save(connection: sqlite3.Connection, days: Mapping[Day, bytes], old: Iterable[Day]) -> None:
    """Write days that changed, and forget old ones."""
    connection.executemany(
        "INSERT INTO beat (device, day, hours) VALUES (?, ?, ?) "
        "ON CONFLICT (device, day) DO UPDATE SET hours = excluded.hours",
        [(device, day, hours) for (device, day), hours in days.items()],
    )
    connection.executemany("DELETE FROM beat WHERE device = ? AND day = ?", list(old))
