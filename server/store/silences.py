"""The silences of devices that mails have told, so that a restart does not tell them again."""

import sqlite3
from collections.abc import Collection, Sequence

import msgspec

from server.rules import mail_key
from server.rules.rule import Facts, Match
from server.rules.silence import Heard
from server.store import mail

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Facts).decode


def told(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """By rule and device: when the device was last heard before a silence that a mail has told."""
    found: dict[str, dict[str, int]] = {}
    for rule, device, heard_at in connection.execute("SELECT rule, device, heard_at FROM silence"):
        found.setdefault(rule, {})[device] = heard_at
    return found


def tell(
    connection: sqlite3.Connection, matches: Sequence[Match], devices: Collection[Heard], now: int
) -> None:
    """Add the mails of one rule that tell of devices, and remember that; part of one transaction.

    A mail of the rule that waits for the end of quiet hours takes the devices in instead.
    """
    if not _joined(connection, matches[0], now):
        mail.insert(connection, matches, now)
    connection.executemany(
        "INSERT INTO silence VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET heard_at = excluded.heard_at",
        [(matches[0].rule.name, *device) for device in devices],
    )
    connection.executemany(  # the devices keep what the mail told, also when the edge is killed now
        "UPDATE device SET last_seen_at = ? WHERE name = ?", [(at, name) for name, at in devices]
    )


def _joined(connection: sqlite3.Connection, match: Match, now: int) -> bool:
    rule = match.rule.name
    waiting = connection.execute(
        f"SELECT key, facts FROM mail WHERE rule = ? AND key LIKE '{mail_key.SILENCE}%' GROUP BY key "
        "HAVING min(state = 'pending' AND attempt = 0 AND not_before_at > ?) ORDER BY max(id) DESC LIMIT 1",
        (rule, now),
    ).fetchone()
    if waiting is None:
        return False
    key, facts = waiting[0], _decode(waiting[1])
    joined = _encode({**match.facts, "devices": [*facts["devices"], *match.facts["devices"]]}).decode()
    connection.execute("UPDATE mail SET facts = ? WHERE rule = ? AND key = ?", (joined, rule, key))
    return True
