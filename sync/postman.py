"""Mail rows to letters that are sent, each once.

A row is `sending`, durably, before the call; so a row that is found `sending` at a start is one
whose outcome nobody knows. It becomes `unknown` and is never blindly sent again: after 15 minutes
its rule's policy decides.
"""

import asyncio
from collections.abc import Callable

from loguru import logger

from server.errors import BadInput, CloudError, StoreFull, Throttled
from server.store.mail import Mail, Mails, Move
from sync.budget import Bucket
from sync.cloud import Mailer
from sync.letter import Letters

SETTLE_MS = 15 * 60_000
RETRY_MS = (5_000, 300_000)
IDLE_S = 0.25
MAX_ATTEMPTS = 20


class Postman:
    """One worker. error: why the last mail did not go out, None when it did."""

    def __init__(self, mails: Mails, mailer: Mailer, letters: Letters, bucket: Bucket) -> None:
        self._mails = mails
        self._mailer = mailer
        self._letters = letters
        self._bucket = bucket
        self.error: str | None = None

    async def run(self, clock: Callable[[], int], generation: str) -> None:
        """Send what is due until cancelled."""
        for mail in await self._mails.open("sending"):
            reason = "the edge stopped while this mail was being sent"
            await self._mails.move(mail.id, Move("unknown", clock(), reason=reason))
        while True:
            try:
                await self._settle(clock())
                sent = await self._round(clock, generation)
            except StoreFull as error:
                self.error, sent = error.sentence, 0
            if not sent:
                await asyncio.sleep(IDLE_S)

    async def _round(self, clock: Callable[[], int], generation: str) -> int:
        due = await self._mails.due(clock(), 50)
        loop = asyncio.get_running_loop()
        for mail in due:
            await asyncio.sleep(self._bucket.wait(loop.time()))
            self._bucket.spend(1, loop.time())
            if not await self._send(mail, clock, f"{generation}-{mail.id}"):
                break
        return len(due)

    async def _send(self, mail: Mail, clock: Callable[[], int], tag: str) -> bool:
        """Whether to go on with the next mail now."""
        await self._mails.move(mail.id, Move("sending", clock()))
        try:
            facts = mail.facts | {"matches": mail.matches}
            letter = self._letters.render(mail.template, facts, (mail.recipient, tag))
            number = await asyncio.to_thread(self._mailer.send, letter)
        except BadInput as error:
            await self._mails.move(mail.id, Move("failed", clock(), reason=error.sentence))
            return True
        except CloudError as error:
            await self._mails.move(mail.id, self._after(mail, error, clock()))
            self.error = error.sentence
            logger.warning("mail {}: {}", mail.id, error.sentence)
            return not isinstance(error, Throttled)
        await self._mails.move(mail.id, Move("sent", clock(), message_id=number))
        self.error = None
        return True

    def _after(self, mail: Mail, error: CloudError, now: int) -> Move:
        if error.accepted is None:
            return Move("unknown", now, reason=error.sentence)
        if mail.attempt + 1 >= MAX_ATTEMPTS and not isinstance(error, Throttled):
            return Move("failed", now, reason=error.sentence)
        wait = min(RETRY_MS[0] * 2 ** min(mail.attempt, 10), RETRY_MS[1])
        return Move("pending", now, reason=error.sentence, not_before_at=now + wait)

    async def _settle(self, now: int) -> None:
        for mail in await self._mails.open("unknown"):
            if now - mail.changed_at < SETTLE_MS:
                continue
            if mail.policy == "at_least_once":
                await self._mails.move(mail.id, Move("pending", now, reason="sent again by policy"))
