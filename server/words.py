"""Writes numbers, money and moments for people."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

LATEST_AT = 253_370_764_800_000  # the year 9999; a foreign program may send any number as a time
JOINERS = "\u200c\u200d"
TROUBLES = {  # codes of firmware.troubles
    "no-wifi": "no Wi-Fi",
    "wifi-password": "Wi-Fi password refused",
    "no-edge": "no edge found",
    "login": "credentials refused",
    "certificate": "certificate not trusted",
    "outbox-full": "outbox full",
}
SPACE = "␣"


def number(value: int) -> str:
    """1204 as `1,204`, with a real minus sign."""
    return f"{value:,}".replace("-", "−")


def money(cents: int) -> str:
    """Cents as `1,204.50`."""
    sign = "−" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def cut(cents: int) -> str:
    """Cents as whole units of money, for rankings."""
    return number(round(cents / 100))


def local(at: int, zone: ZoneInfo) -> datetime:
    """A moment (ms since 1970 UTC) at the site."""
    return datetime.fromtimestamp(max(0, min(at, LATEST_AT)) / 1000, zone)


def clock(at: int, zone: ZoneInfo) -> str:
    """14:03:12."""
    return local(at, zone).strftime("%H:%M:%S")


def wall_clock(at: int, zone: ZoneInfo) -> str:
    """2026-11-27 14:03:05, as spreadsheets read it."""
    return local(at, zone).replace(tzinfo=None).isoformat(" ", "seconds")


def date(at: int, zone: ZoneInfo) -> str:
    """Sunday 22 November."""
    there = local(at, zone)
    return f"{there:%A} {there.day} {there:%B}"


def moment(at: int, now: int, zone: ZoneInfo) -> str:
    """`14:03` for today, otherwise with the date."""
    there = local(at, zone)
    same = there.date() == local(now, zone).date()
    return there.strftime("%H:%M") if same else f"{there.day} {there.strftime('%b')}, {there:%H:%M}"


def iso(at: int) -> str:
    """For `datetime` attributes."""
    return local(at, ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(at: int, now: int) -> str:
    """`8 s`, `4 min`, `3 h`, `2 d`."""
    seconds = max(0, (now - at) // 1000)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def trouble(state: Mapping[str, object]) -> str:
    """The trouble that a board has or had last, by its facts: `no Wi-Fi for 41 min, until 2 min ago`.

    "" for a board that never told of a trouble.
    """
    code, lasted, end = (state.get(name) for name in ("trouble", "trouble_ms", "trouble_end_ms"))
    if not isinstance(code, str) or not isinstance(lasted, int):
        return ""
    text = f"{TROUBLES.get(code, code)} for {ago(0, lasted)}"
    uptime = state.get("uptime_ms")
    return (
        f"{text}, until {ago(end, uptime)} ago" if isinstance(end, int) and isinstance(uptime, int) else text
    )


def visible(name: str) -> str:
    """A name that somebody else chose, written so that all of it is seen: no letter turns or hides others.

    Joiners stay as they are, because some languages write with them.
    """
    joined = any(letter.isprintable() and letter != " " for letter in name)
    shown = "".join(
        letter if letter.isprintable() or (joined and letter in JOINERS) else f"⟨U+{ord(letter):04X}⟩"
        for letter in name
    )
    inner = shown.strip(" ")
    before = len(shown) - len(shown.lstrip(" "))
    return SPACE * before + inner + SPACE * (len(shown) - before - len(inner))
