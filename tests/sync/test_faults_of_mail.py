"""Whose fault it is that a mail does not go out, with the client of SES and answers as AWS gives them (U2, U11)."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from server.core import Core
from server.errors import AccountFault, CloudError, Unreachable
from server.settings import CloudSection, MailSection
from server.store.mail import Mails
from sync.mail import postman
from sync.mail.letter import Envelope, Letter, Letters
from sync.mail.postman import MAX_ATTEMPTS, Postman
from sync.mail.ses import Ses
from sync.token_bucket import TokenBucket
from tests.ingest.boards import NOW
from tests.patience import patience
from tools.children import free_port

HOUR_MS = 3_600_000
SENDER = "shop@shop.example"
OF_THE_ACCOUNT = [
    (403, "ExpiredTokenException", "The security token included in the request is expired"),
    (403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    (403, "InvalidSignatureException", "Signature expired: the clock of this machine is wrong"),
    (403, "AccessDeniedException", "User is not authorized to perform: ses:SendEmail"),
    (400, "AccountSuspendedException", "The account is suspended."),
    (400, "SendingPausedException", "Sending is paused for this account."),
    (400, "MailFromDomainNotVerifiedException", "The MAIL FROM domain is not verified."),
    (404, "NotFoundException", "Configuration set <shop> does not exist."),
    (400, "MessageRejected", f"Email address is not verified. The following identities failed the check: {SENDER}"),
    (400, "CodeOfNextYearException", "Nobody knows yet."),
]  # fmt: skip


class Aws:
    """SES as its own answers make it: `answer` is the next, (status, code, message), None to take the mail."""

    def __init__(self) -> None:
        self.answer: tuple[int, str, str] | None = None
        self.refused: set[str] = set()  # recipients
        self.calls = 0
        self.taken: Counter[str] = Counter()
        self.keys: list[str] = []

    async def send(self, request: web.Request) -> web.Response:
        self.calls += 1
        self.keys.append(request.headers["Authorization"].partition("Credential=")[2].partition("/")[0])
        body = json.loads(await request.text())
        (recipient,) = body["Destination"]["ToAddresses"]
        answer = self.answer
        if recipient in self.refused:
            sentence = (
                f"Email address is not verified. The following identities failed the check: {recipient}"
            )
            answer = (400, "MessageRejected", sentence)
        if answer is None:
            self.taken[body["EmailTags"][0]["Value"]] += 1
            return web.json_response({"MessageId": f"m-{self.calls}"})
        status, code, message = answer
        return web.json_response({"message": message}, status=status, headers={"x-amzn-ErrorType": code})


@asynccontextmanager
async def aws() -> AsyncIterator[tuple[Aws, Ses]]:
    """An SES, and the edge's client of it."""
    service, app, port = Aws(), web.Application(), free_port()
    app.router.add_post("/v2/email/outbound-emails", service.send)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        mail = MailSection(mode="ses", sender=SENDER, endpoint_url=f"http://127.0.0.1:{port}")
        yield service, Ses(mail, CloudSection())
    finally:
        await runner.cleanup()


@pytest.fixture(autouse=True)
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys in a file, as most sites have them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "credentials"
    _keys(path, "FIRST")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return path


def _keys(path: Path, key: str) -> None:
    path.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n")


def letter(recipient: str = "ann@shop.example") -> Letter:
    return Letter(SENDER, Envelope(recipient, 1, "gen"), "Hello", "text", "<p>html</p>")


@asynccontextmanager
async def working(core: Core, ses: Ses, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Postman]:
    """A postman whose clock leaps by an hour at each look, and who pauses for moments only."""
    monkeypatch.setattr(postman, "PAUSE_S", (0.01, 0.04))
    monkeypatch.setattr(postman, "IDLE_S", 0.005)
    now = [NOW]

    def clock() -> int:
        now[0] += HOUR_MS
        return now[0]

    worker = Postman(Mails(core.database), ses, Letters(SENDER, "shop"), TokenBucket(10_000, 10_000))
    task = asyncio.create_task(worker.run(clock, "gen"))
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize("answer", OF_THE_ACCOUNT, ids=lambda answer: answer[1])
async def test_a_fault_of_the_account_costs_no_mail_and_is_told_once(
    core: Core, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str, str]
) -> None:
    """U2: after 73 minutes of it, mails were `failed` for good."""
    mails, told = Mails(core.database), []
    monkeypatch.setattr(postman.logger, "warning", lambda *words: told.append(words))
    async with aws() as (service, ses), working(core, ses, monkeypatch) as worker:
        service.answer = answer
        async with patience():
            while service.calls < 3 * MAX_ATTEMPTS:
                await asyncio.sleep(0.01)
        counts = await mails.counts()
        assert counts["pending"] + counts["sending"] == 12
        assert answer[2] in str(worker.error) and len(told) == 1
        service.answer = None
        async with patience():
            while (await mails.counts())["sent"] < 12:
                await asyncio.sleep(0.01)
        assert worker.error is None and set(service.taken.values()) == {1}


async def test_while_the_account_is_closed_one_mail_is_tried_at_a_time_and_another_each_time(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """U2: the channel pauses; its tries say nothing of the mails, and do not count for them."""
    async with aws() as (service, ses), working(core, ses, monkeypatch):
        service.answer = (400, "SendingPausedException", "Sending is paused for this account.")
        async with patience():
            while service.calls < 8:
                await asyncio.sleep(0.005)
        rows, _ = await Mails(core.database).page(None, 100)
    tried = [row for row in rows if row.reason and "paused" in row.reason]
    assert len(tried) > 3
    assert {row.attempt for row in rows if row.state == "pending"} == {0}


async def test_a_recipient_whom_the_sandbox_does_not_know_holds_nobody_else_up(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """U2: a new account of SES may write to some addresses only; mails to others wait until it may."""
    mails = Mails(core.database)
    rows, _ = await mails.page(None, 100)
    some = {rows[0].recipient}
    others = sum(row.recipient not in some for row in rows)
    async with aws() as (service, ses), working(core, ses, monkeypatch):
        service.refused = some
        async with patience():
            while (await mails.counts())["sent"] < others or service.calls < others + 3 * MAX_ATTEMPTS:
                await asyncio.sleep(0.01)
        assert (await mails.counts())["failed"] == 0
        service.refused = set()
        async with patience():
            while (await mails.counts())["sent"] < 12:
                await asyncio.sleep(0.01)


async def test_a_fault_of_one_mail_ends_after_few_tries(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    async with aws() as (service, ses), working(core, ses, monkeypatch):
        service.answer = (400, "MessageRejected", "Virus found.")
        async with patience():
            while (await Mails(core.database).counts())["failed"] < 12:
                await asyncio.sleep(0.01)
        assert service.calls == 12 * MAX_ATTEMPTS


async def test_changed_keys_are_taken_without_a_restart(credentials: Path) -> None:
    """U11: keys that were renewed in their file were not seen by an edge that ran."""
    async with aws() as (service, ses):
        service.answer = OF_THE_ACCOUNT[0]
        for _ in range(2):
            with pytest.raises(AccountFault):
                await asyncio.to_thread(ses.send, letter())
        _keys(credentials, "SECOND")
        with pytest.raises(AccountFault):
            await asyncio.to_thread(ses.send, letter())
        service.answer = None
        await asyncio.to_thread(ses.send, letter())
        assert (service.keys[0], service.keys[-1]) == ("FIRST", "SECOND")


async def test_what_never_left_and_what_cannot_be_known_are_told_apart(credentials: Path) -> None:
    """U2: whether the letter may have gone out decides everything."""
    nowhere = MailSection(mode="ses", sender=SENDER, endpoint_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable):
        await asyncio.to_thread(Ses(nowhere, CloudSection()).send, letter())
    async with aws() as (service, ses):
        service.answer = (503, "ServiceUnavailable", "Try later.")
        with pytest.raises(CloudError) as unknown:
            await asyncio.to_thread(ses.send, letter())
        assert unknown.value.accepted is None
        await asyncio.to_thread(credentials.unlink)
        with pytest.raises(AccountFault):
            await asyncio.to_thread(Ses(nowhere, CloudSection()).send, letter())
