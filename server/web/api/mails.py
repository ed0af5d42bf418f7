"""Mails: the outbox with the state of each."""

import msgspec

from server.rights import READ
from server.store.mail import Mail, Mails
from server.web.api.endpoint import Call, Endpoint, Paging


class MailPage(msgspec.Struct):
    """rows: newest first. next: the `after` of the next page, null at the end. counts: how many of all mails
    are in each state."""

    rows: list[Mail]
    next: int | None
    counts: dict[str, int]


async def page(call: Call) -> MailPage:
    """A page of the outbox."""
    mails = Mails(call.parts.database)
    rows, following = await mails.page(call.query.after, call.query.limit)
    return MailPage(rows, following, await mails.counts())


ENDPOINTS = [Endpoint("GET", "/api/v1/mails", page, READ, "The mail outbox", Paging, answer=MailPage)]
