"""Commands to boards, with their answers."""

from typing import Annotated, Any

import msgspec

from firmware.wire.command import READS
from server.devices.commands import LONGEST_S, CommandResult
from server.web.access.caller import OPERATE
from server.web.api.audit import note
from server.web.api.devices import PATH
from server.web.api.endpoint import Call, Endpoint


class CommandRequest(msgspec.Struct, forbid_unknown_fields=True):
    """command: as identify or restart. arguments: of that command. within_s: its deadline from now."""

    command: str
    arguments: dict[str, Any] = {}
    within_s: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_S)] = 10


async def send(call: Call) -> CommandResult:
    """Tell a device what to do, and wait for what becomes of it; a device that is offline is a conflict."""
    order: CommandRequest = call.body
    name, commands = call.named("name"), call.parts.commands
    commands.check(name)
    if order.command not in READS:  # written down before, for a caller may hang up while the board works
        await note(call, f"device {order.command[:32]}", name)
    return await commands.send(name, order.command, order.arguments, order.within_s)


PLACE = PATH + "/{name}/commands"
ENDPOINTS = [
    Endpoint(
        "POST", PLACE, send, OPERATE, "Tell a device what to do", body=CommandRequest, answer=CommandResult
    )
]
