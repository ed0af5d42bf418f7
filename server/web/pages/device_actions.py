"""Acts of staff on devices: on one, on those that are ticked, or on all that a filter shows."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from multidict import MultiMapping

from firmware.wire import reading
from firmware.wire.errors import WireError
from server.clock import milliseconds
from server.devices.commands import CommandResult, NewCommand
from server.errors import BadInput, Conflict, NotFound
from server.rights import ADMIN, OPERATE
from server.web import fleet
from server.web.access.caller import Caller, require
from server.web.fleet import FILTERS, Wanted
from server.web.pages.forms import posted
from server.web.pages.notices import NOTICES, Change, Notice, Notices
from server.web.parts import PARTS, Parts
from server.web.urls import query

NAMED = 3  # devices that a sentence names
DETAILS = 20  # sentences of devices that a notice has
WITHIN_S = 10  # for the answer of a board
AT_ONCE = 100  # boards that are asked at the same time
MOST = 2000  # devices in one form
LOG_ANSWERS = 3  # that bring all lines which a board keeps
BACK = re.compile(r"/devices(/[a-z0-9-]{1,32})?(\?[!-~]*)?")
LIST = ("show", "group", "text", "sort", "range")  # what the address of the list says


@dataclass(frozen=True)
class Form:
    """A posted form.

    parts: of the edge. caller: the person who posted it. notices: keeps what the next page tells. names: the
    devices that it is about. sure: what must be typed to revoke them. fields: as they were posted.
    """

    parts: Parts
    caller: Caller
    notices: Notices
    names: Sequence[str]
    sure: str
    fields: MultiMapping[str]

    def text(self, name: str) -> str:
        """A field without space around it, "" when it is left out."""
        return self.fields.get(name, "").strip()

    async def send(self, name: str, command: str, arguments: dict[str, object]) -> CommandResult:
        """Tell a device what to do, as Commands.send."""
        return await self.parts.commands.send(
            self.caller.actor, name, NewCommand(command, arguments, WITHIN_S)
        )


Act = Callable[[Form], Awaitable[Notice]]


async def act_on_one(request: web.Request) -> web.StreamResponse:
    """POST /devices/{name}: `act` in the form; or in the address, from the list. Raises NotFound."""
    caller, name = require(request, OPERATE), request.match_info["name"]
    request.app[PARTS].presence.one(name)
    fields = await _posted(request)
    form = Form(request.app[PARTS], caller, request.app[NOTICES], [name], name, fields)
    if "act" in request.query:
        return await _carry_out(request, request.query["act"], form, _list(fields))
    return await _carry_out(request, form.text("act"), form, f"/devices/{name}")


async def act_on_many(request: web.Request) -> web.StreamResponse:
    """POST /devices: on each `d`, or with `every` on all that the filter shows. Raises NotFound."""
    caller, parts = require(request, OPERATE), request.app[PARTS]
    fields, presence = await _posted(request), parts.presence
    if fields.get("every"):
        known = fleet.rows(presence.all(), milliseconds())
        names = [row.name for row in fleet.picked(known, _wanted(fields))]
    else:
        names = [presence.one(name).name for name in dict.fromkeys(fields.getall("d", []))]
    if len(names) > MOST:
        raise BadInput("d", f"At most {MOST} devices at once.")
    form = Form(parts, caller, request.app[NOTICES], names, str(len(names)), fields)
    return await _carry_out(request, form.text("act"), form, _list(fields))


async def _carry_out(request: web.Request, act: str, form: Form, back: str) -> web.StreamResponse:
    if act not in ACTS:
        raise BadInput("act", f"act is one of: {', '.join(ACTS)}.")
    scope, work = ACTS[act]
    require(request, scope)
    if form.names or work is _undo:
        notice = await work(form)
    else:
        notice = Notice("No device was selected, so nothing was done.", bad=True)
    said = form.notices.keep(form.caller.name, notice)
    glue = "&" if "?" in back else "?"
    return web.Response(status=303, headers={"Location": f"{back}{glue}said={said}"})


async def _posted(request: web.Request) -> MultiMapping[str]:
    return await posted(request)  # type: ignore[return-value]  # files come with another content type only


def _wanted(fields: MultiMapping[str]) -> Wanted:
    show = fields.get("show", "") or "all"
    if show not in FILTERS:
        raise BadInput("show", f"show is one of: {', '.join(FILTERS)}.")
    return Wanted(show, fields.get("group", ""), fields.get("text", ""))


def _list(fields: MultiMapping[str]) -> str:
    """The way back to the list as it was."""
    if BACK.fullmatch(fields.get("back", "")):
        return fields["back"]
    return f"/devices?{query({name: fields.get(name, '') for name in LIST})}"


# --- what can be done


async def _command(command: str, done: str, form: Form) -> Notice:
    """Send a command to each device, and tell the answers."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(name: str) -> tuple[str, str]:
        async with gate:
            try:
                answer = await form.send(name, command, {})
            except (Conflict, NotFound) as error:
                return name, error.sentence
        if answer.state == "done":
            return name, ""
        return name, _wrong(answer)

    answers = await asyncio.gather(*(ask(name) for name in form.names))
    worked = [name for name, wrong in answers if not wrong]
    wrong = [wrong for _, wrong in answers if wrong]
    if not worked:
        text = wrong[0] if len(wrong) == 1 else f"None of {len(wrong)} devices did it."
        return Notice(text, bad=True, details=_some(wrong) if len(wrong) > 1 else ())
    rest = f" {len(wrong)} did not." if wrong else ""
    return Notice(f"{_those(worked)} {done}.{rest}", bad=bool(wrong), details=_some(wrong))


async def _log(form: Form) -> Notice:
    """Read the lines that a board keeps, which are more than fit into one answer."""
    name, lines, after = form.names[0], list[str](), 0
    for _ in range(LOG_ANSWERS):
        try:
            answer = await form.send(name, "log", {"after": after})
        except Conflict as error:
            return Notice(error.sentence, bad=True)
        if answer.state != "done":
            return Notice(_wrong(answer), bad=True)
        try:
            told = reading.log(answer.result)
        except WireError:
            return Notice(f"{name} answered something else than lines of a log.", bad=True)
        lines += [f"{at / 1000:10,.1f} s  {level:<7}  {said}" for at, level, said in told.lines]
        after = told.first + len(told.lines) - 1
        if not told.lines or after >= told.last:
            break
    text = f"What {name} said last, by the seconds since its start:" if lines else f"{name} has said nothing."
    return Notice(text, lines=tuple(lines))


async def _revoke(form: Form) -> Notice:
    if form.text("sure") != form.sure:
        return Notice(f"Nothing was revoked: type {form.sure} to do that.", bad=True)
    revoked = []
    for name in form.names:
        try:
            await form.parts.devices.revoke(form.caller.actor, name)
        except NotFound:  # somebody else was faster
            continue
        revoked.append(name)
    return Notice(f"{_those(revoked)} cannot connect any more." if revoked else "They had no access before.")


async def _describe(form: Form) -> Notice:
    name = form.names[0]
    change = await _write(form, name, form.text("label"), form.text("group"))
    return Notice(f"{name} is saved.", undo=(change,))


async def _group(form: Form) -> Notice:
    group = form.text("to")
    changes = [await _write(form, name, None, group) for name in form.names]
    verb = "is" if len(form.names) == 1 else "are"
    where = f"in the group {group}" if group else "in no group"
    return Notice(f"{_those(form.names)} {verb} {where} now.", undo=tuple(changes))


async def _undo(form: Form) -> Notice:
    """Take a change back where nobody has changed it since."""
    notice = form.notices.take(form.caller.name, form.text("said"))
    if notice is None or not notice.undo:
        return Notice("There is nothing left to undo.", bad=True)
    stay = []
    for name, *changes in notice.undo:
        seen = form.parts.presence.one(name)
        parts = list(zip((seen.label, seen.group), changes, strict=True))
        if any(before != after != now for now, (before, after) in parts):
            stay.append(name)
        label, group = (before if after == now else None for now, (before, after) in parts)
        if label is not None or group is not None:
            await _write(form, name, label, group)
    if stay:
        return Notice(f"Changed by somebody else since, and not undone: {_those(stay)}.", bad=True)
    return Notice("Undone.")


async def _write(form: Form, name: str, label: str | None, group: str | None) -> Change:
    """Write down what staff say of a device; None: as it is."""
    before, after = await form.parts.devices.describe(form.caller.actor, name, label, group)
    return Change(name, (before.label, after.label), (before.group, after.group))


ACTS: dict[str, tuple[str, Act]] = {
    "identify": (OPERATE, partial(_command, "identify", "can be found by the blinking light")),
    "restart": (OPERATE, partial(_command, "restart", "will be back in a moment")),
    "log": (OPERATE, _log),
    "describe": (OPERATE, _describe),
    "group": (OPERATE, _group),
    "undo": (OPERATE, _undo),
    "revoke": (ADMIN, _revoke),
}


def _wrong(answer: CommandResult) -> str:
    """The reason why a device has not done it: our sentence, or its own words."""
    return answer.text if answer.state == "unanswered" else f"{answer.device}: {answer.text}"


def _some(sentences: Sequence[str]) -> tuple[str, ...]:
    rest = len(sentences) - DETAILS
    return (*sentences[:DETAILS], f"And {rest} more.") if rest > 0 else tuple(sentences)


def _those(names: Sequence[str]) -> str:
    if len(names) <= NAMED:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{len(names)} devices"
