"""Commands to boards, with their answers."""

from typing import Annotated, Any

import msgspec

from server.devices.commands import LONGEST_S, CommandResult, NewCommand
from server.rights import OPERATE
from server.web.api.devices import PATH
from server.web.api.endpoint import Call, Endpoint


class CommandRequest(msgspec.Struct, forbid_unknown_fields=True):
    """command: as identify or restart. arguments: of that command. within_s: seconds until its deadline."""

    command: str
    arguments: dict[str, Any] = {}
    within_s: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_S)] = 10


async def send(call: Call) -> CommandResult:
    """Tell a device what to do, and wait for what becomes of it; a device that is offline is a conflict."""
    body: CommandRequest = call.body
    wanted = NewCommand(body.command, body.arguments, body.within_s)
    return await call.parts.commands.send(call.caller.actor, call.named("name"), wanted)


PLACE = PATH + "/{name}/commands"
ENDPOINTS = [
    Endpoint(
        "POST",
        PLACE,
        send,
        OPERATE,
        "Tell a device what to do",
        body=CommandRequest,
        answer=CommandResult,
        problems=("not-found", "conflict"),
    )
]
