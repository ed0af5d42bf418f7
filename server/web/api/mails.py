"""Mails: the outbox with the state of each, and what somebody decides of them."""

from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from server.errors import BadInput
from server.people.mails import Which
from server.rights import OPERATE, READ
from server.store.mail import Mail, Mails
from server.web.api.endpoint import Call, Endpoint, Id, Paging

State = Literal["pending", "sending", "sent", "failed", "unknown", "held"]


class MailQuery(Paging):
    """state: only mails that are in it."""

    state: State | None = None


class MailPage(msgspec.Struct):
    """rows: newest first. next: the `after` of the next page, null at the end. counts: how many of all mails
    are in each state."""

    rows: list[Mail]
    next: int | None
    counts: dict[str, int]


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    """Which mails: ids: these, or state: all that are in it; one of both."""

    ids: list[Id] = []
    state: State | None = None


class Decided(msgspec.Struct):
    """changed: how many mails."""

    changed: int


async def page(call: Call) -> MailPage:
    """A page of the outbox."""
    mails, query = Mails(call.parts.database), call.query
    rows, following = await mails.page(query.after, query.limit, query.state or "")
    return MailPage(rows, following, await mails.counts())


async def send(call: Call) -> Decided:
    """Let mails go out that are held, failed or unknown. One that is unknown may have gone out already."""
    return Decided(await call.parts.mails.send(call.caller.actor, _which(call.body)))


async def drop(call: Call) -> Decided:
    """Drop mails that wait, are held or unknown; they can be sent later."""
    return Decided(await call.parts.mails.drop(call.caller.actor, _which(call.body)))


def _which(body: Decision) -> Which:
    if bool(body.ids) == (body.state is not None):
        raise BadInput("ids", "Give the ids of mails, or the state of all that are meant.")
    return Which(body.ids, body.state or "")


PATH = "/api/v1/mails"


def _deciding(what: str, handle: Callable[[Call], Awaitable[Decided]], summary: str) -> Endpoint:
    return Endpoint(
        "POST", f"{PATH}/{what}", handle, OPERATE, summary, body=Decision, answer=Decided,
        problems=("not-found", "conflict"),
    )  # fmt: skip


ENDPOINTS = [
    Endpoint("GET", PATH, page, READ, "The mail outbox", MailQuery, answer=MailPage),
    _deciding("send", send, "Send mails by hand"),
    _deciding("drop", drop, "Drop mails by hand"),
]
