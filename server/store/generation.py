"""The generation of the store: a new one begins at its creation, and whenever the store was set back.

A backup that is copied over the store looks like any other store. So the edge writes the generation and
its newest event into the file `newest` beside it; a store that is behind that was set back. Its chunks
then get keys of a new generation, and mails that may have gone out before are held.
"""

import os
import secrets
import sqlite3
from pathlib import Path

from server.store import events

FILE = "newest"


def current(connection: sqlite3.Connection) -> str:
    """The random id of this life of the store."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
    return str(row[0])


def restored_at(connection: sqlite3.Connection) -> int:
    """When the store was last found set back, ms since 1970 UTC; 0 for never."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'restored_at'").fetchone()
    return int(row[0]) if row else 0


def born_at(connection: sqlite3.Connection) -> int:
    """When this life of the store began, ms since 1970 UTC."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'created_at'").fetchone()
    return max(restored_at(connection), int(row[0]))


def renew(connection: sqlite3.Connection, now: int) -> str:
    """Begin a new life: a new id, and hold every mail whose outcome this store cannot know."""
    made, now = secrets.token_hex(8), max(now, born_at(connection) + 1)  # a later life is the newer one
    connection.execute("UPDATE meta SET value = ? WHERE name = 'generation'", (made,))
    connection.execute(
        "INSERT INTO meta VALUES ('restored_at', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (str(now),),
    )
    connection.execute(
        "UPDATE mail SET state = 'held', changed_at = ?, reason = 'the store was set back; this mail may "
        "have gone out before' WHERE state IN ('pending', 'sending', 'unknown')",
        (now,),
    )
    return made


def went_back(connection: sqlite3.Connection, folder: Path) -> bool:
    """Whether this store is older than what its folder has seen of the same generation."""
    try:
        told, _, number = (folder / FILE).read_text(encoding="ascii").strip().partition(" ")
        return told == current(connection) and int(number) > events.newest_id(connection)
    except (OSError, ValueError):
        return False


def note(folder: Path, generation: str, newest: int) -> None:
    """Write down the newest committed event; call it only after the commit."""
    draft = folder / f"{FILE}.new"
    with draft.open("w", encoding="ascii") as file:
        file.write(f"{generation} {newest}\n")
        file.flush()
        os.fsync(file.fileno())  # otherwise a power cut may leave an empty file under the new name
    draft.replace(folder / FILE)
