"""The mailer without a cloud: letters land in a box that staff read on a page."""

import asyncio
import sqlite3
from concurrent.futures import Future

from server.clock import milliseconds
from server.errors import StoreFull, Unreachable
from server.store.database import Database
from sync.mail.letter import Letter

KEPT = 1000


class Mailbox:
    """As sync.mail.mailer.Mailer; keeps the newest 1,000 letters in the store."""

    def __init__(self, database: Database, loop: asyncio.AbstractEventLoop) -> None:
        self._database = database
        self._loop = loop

    def send(self, letter: Letter) -> str:
        """Put a letter into the box; `local-` and its number there."""
        done: Future[int] = asyncio.run_coroutine_threadsafe(self._keep(letter), self._loop)
        try:
            return f"local-{done.result()}"
        except StoreFull as error:
            raise Unreachable(error.sentence) from error

    async def _keep(self, letter: Letter) -> int:
        return await self._database.write(_insert, letter, milliseconds())


def _insert(connection: sqlite3.Connection, letter: Letter, now: int) -> int:
    number = connection.execute(
        "INSERT INTO mailbox (mail, recipient, subject, text, html, sent_at) "
        "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (int(letter.tag.rpartition("-")[2]), letter.recipient, letter.subject, letter.text,
         letter.html, now),
    ).fetchone()[0]  # fmt: skip
    connection.execute("DELETE FROM mailbox WHERE id <= ?", (number - KEPT,))
    return int(number)
