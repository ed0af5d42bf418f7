"""The mailer without a cloud: letters go into a box that staff read on a page."""

import asyncio
from concurrent.futures import Future

from server.clock import milliseconds
from server.errors import StoreFull, Unreachable
from server.store import mailbox
from server.store.database import Database
from server.store.mailbox import Received
from sync.mail.letter import Letter


class Mailbox:
    """As sync.mail.mailer.Mailer; keeps the newest 1,000 letters in the store."""

    def __init__(self, database: Database, loop: asyncio.AbstractEventLoop) -> None:
        self._database = database
        self._loop = loop

    def send(self, letter: Letter) -> str:
        """Put a letter into the box; its id is `local-` and its number there."""
        done: Future[int] = asyncio.run_coroutine_threadsafe(self._keep(letter), self._loop)
        try:
            return f"local-{done.result()}"
        except StoreFull as error:
            raise Unreachable(error.sentence) from error

    async def _keep(self, letter: Letter) -> int:
        kept = Received(0, letter.recipient, letter.subject, letter.text, letter.html, milliseconds())
        return await self._database.write(mailbox.add, letter.envelope.mail, kept)
