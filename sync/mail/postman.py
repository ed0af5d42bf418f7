"""Sends the mails of the outbox as letters, each once.

A row is `sending`, durably, before the call; so the outcome of a row that is `sending` at a start is not
known. It becomes `unknown` and is never blindly sent again: after 15 minutes its rule's policy decides.

A refusal is a fault of the mail, which ends after a few tries, or of the account or of the way, which costs
no mail: then one mail is tried from time to time, another each time, until one goes out.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from loguru import logger

from server.calendar import QUARTER_MS
from server.errors import AccountFault, BadInput, CloudError, Conflict, StoreFull, Throttled, Unreachable
from server.store.mail import Mail, Mails, Move
from sync.mail.letter import Envelope, Letters
from sync.mail.mailer import Mailer
from sync.token_bucket import TokenBucket

SETTLE_MS = QUARTER_MS
RETRY_MS = (5_000, 300_000)
PAUSE_S = (5.0, 300.0)  # between two mails while nothing goes out
IDLE_S = 0.25
MAX_ATTEMPTS = 5
LATER = (Throttled, Unreachable, AccountFault)  # no fault of the mail: it is tried as often as needed


class Postman:
    """The worker that sends mails. error: a sentence why the last one did not go out, None when it did."""

    def __init__(self, mails: Mails, mailer: Mailer, letters: Letters, bucket: TokenBucket) -> None:
        self._mails = mails
        self._mailer = mailer
        self._letters = letters
        self._bucket = bucket
        self._owed: deque[tuple[Mail, Move]] = deque()  # moves that a full disk has refused
        self._pause_s = 0.0
        self._again_at = 0.0  # of the loop's clock, which nobody sets
        self.error: str | None = None

    async def run(self, clock: Callable[[], int], generation: str) -> None:
        """Send mails that are due, until cancelled."""
        for mail in await self._mails.open("sending"):
            reason = "the edge stopped while this mail was being sent"
            self._owed.append((mail, Move("unknown", clock(), reason=reason)))
        while True:
            try:
                await self._pay()
                await self._settle(clock())
                sent = await self._round(clock, generation)
            except StoreFull as error:
                self.error, sent = error.sentence, 0
            if not sent:
                await asyncio.sleep(IDLE_S)

    async def _round(self, clock: Callable[[], int], generation: str) -> int:
        loop = asyncio.get_running_loop()
        if loop.time() < self._again_at:
            return 0
        due = await self._mails.due(clock(), 1 if self._pause_s else 50)
        for mail in due:
            await asyncio.sleep(self._bucket.wait(loop.time()))
            self._bucket.spend(1, loop.time())
            if not await self._send(mail, clock, generation):
                break
        return len(due)

    async def _send(self, mail: Mail, clock: Callable[[], int], generation: str) -> bool:
        """Whether to go on with the next mail now."""
        if not await self._moved(mail, Move("sending", clock())):
            return True
        try:
            facts = {**mail.facts, "matches": mail.matches}
            letter = self._letters.render(mail.template, facts, Envelope(mail.recipient, mail.id, generation))
            number = await asyncio.to_thread(self._mailer.send, letter)
        except BadInput as error:
            await self._end(mail, Move("failed", clock(), reason=error.sentence))
            return True
        except CloudError as error:
            return await self._refused(mail, error, clock())
        except Exception as error:
            logger.exception("mail {}: a fault of ours", mail.id)
            await self._end(mail, Move("unknown", clock(), reason=f"internal error: {error!r}"))
            return True
        await self._end(mail, Move("sent", clock(), message_id=number))
        self.error, self._pause_s = None, 0.0
        return True

    async def _refused(self, mail: Mail, error: CloudError, now: int) -> bool:
        """Note why a mail did not go out; whether to go on with the next one now."""
        if error.sentence != self.error:
            logger.warning("mail {}: {}", mail.id, error.sentence)
        self.error = error.sentence
        if error.halts:
            self._pause_s = min(max(PAUSE_S[0], 2 * self._pause_s), PAUSE_S[1])
            self._again_at = asyncio.get_running_loop().time() + self._pause_s
        elif error.accepted is False:
            self._pause_s = 0.0  # others can go
        await self._end(mail, self._after(mail, error, now))
        return not error.halts

    async def _end(self, mail: Mail, move: Move) -> None:
        """Note the outcome of an attempt. Raises StoreFull; then it is noted before the next attempt."""
        self._owed.append((mail, move))
        await self._pay()

    async def _pay(self) -> None:
        while self._owed:
            await self._moved(*self._owed[0])
            self._owed.popleft()

    async def _moved(self, mail: Mail, move: Move) -> bool:
        """Change a mail's state; False when somebody else has changed it meanwhile, which then holds."""
        try:
            await self._mails.move(mail.id, move)
        except Conflict as error:
            logger.warning(error.sentence)
            return False
        return True

    def _after(self, mail: Mail, error: CloudError, now: int) -> Move:
        if error.accepted is None:
            return Move("unknown", now, reason=error.sentence)
        if isinstance(error, LATER):
            wait = RETRY_MS[0] if error.halts else RETRY_MS[1]
            return Move("pending", now, reason=error.sentence, not_before_at=now + wait, counts=False)
        if mail.attempt + 1 >= MAX_ATTEMPTS:
            return Move("failed", now, reason=error.sentence)
        wait = min(RETRY_MS[0] * 2**mail.attempt, RETRY_MS[1])
        return Move("pending", now, reason=error.sentence, not_before_at=now + wait)

    async def _settle(self, now: int) -> None:
        for mail in await self._mails.unsettled(now - SETTLE_MS):
            await self._moved(mail, Move("pending", now, reason="sent again by policy"))
