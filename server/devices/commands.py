"""Commands to boards: sent over MQTT, answered by the board, or given up at their deadline."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from firmware.wire import reading, topics
from firmware.wire.command import READS, Command, encode
from firmware.wire.errors import WireError
from server.errors import BadInput, Conflict, NotFound
from server.rights import OPERATE, Actor
from server.store import acts
from server.store.acts import Act
from server.store.database import Database
from server.store.devices import Device

LONGEST_S = 60  # a deadline is short, because commands do not outlive the process
MOST = 256  # commands that may be under way at once
Publish = Callable[[str, bytes], bool]


class NewCommand(NamedTuple):
    """What a device is to do. command: as identify or restart. arguments: of that command.

    within_s: seconds to wait for its answer, 1 to 60.
    """

    command: str
    arguments: dict[str, object]
    within_s: float


@dataclass(frozen=True)
class CommandResult:
    """What became of a command.

    id: of the command, 16 hex digits. device: the name of the board. command: its word, as `identify`.
    state: done, refused by the board, or unanswered until the deadline; then the board may have carried
    it out all the same. result: what the board gave, None for nothing. error: the code of a refusal, else
    None. text: the sentence of a refusal or of a missing answer, else "".
    """

    id: str
    device: str
    command: str
    state: Literal["done", "refused", "unanswered"]
    result: dict[str, Any] | None = None
    error: str | None = None
    text: str = ""


@dataclass(frozen=True)
class Pending:
    """A command whose answer is awaited.

    device: the name of the board. payload: the bytes that were sent, and are sent again when the board
    comes back. done: gets the board's answer.
    """

    device: str
    payload: bytes
    done: "asyncio.Future[reading.Result]" = field(compare=False)


class Commands:
    """All commands that are under way, in memory.

    find: gives a device by its name, or raises NotFound. publish: sends topic and payload at QoS 1; False
    when there is no connection to the broker. clock: ms since 1970 UTC. A command that is not in READS is
    an act, written down before it is sent, because a caller may hang up while the board works.
    """

    def __init__(
        self, database: Database, site: str, find: Callable[[str], Device], publish: Publish,
        clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._database = database
        self._site = site
        self._find = find
        self._publish = publish
        self._clock = clock
        self._pending: dict[str, Pending] = {}

    def check(self, device: str) -> None:
        """Check that a command could reach the device. Raises NotFound and Conflict."""
        known = self._find(device)
        if known.revoked_at is not None:
            raise NotFound(f"{device} is revoked, so it takes no commands.")
        if not known.online:
            raise Conflict(f"{device} is offline; try again when it is back.")
        if len(self._pending) >= MOST:
            raise Conflict(f"{MOST} commands are under way already; try again when they are answered.")

    async def send(self, actor: Actor, device: str, wanted: NewCommand) -> CommandResult:
        """Send a command and wait for its answer.

        Raises Refused, NotFound, Conflict (offline), and BadInput for what does not fit into a command.
        """
        command, arguments, within_s = wanted
        self.check(device)
        if not 1 <= within_s <= LONGEST_S:
            raise BadInput("within_s", f"within_s is a number from 1 to {LONGEST_S}.")
        number = secrets.token_hex(8)
        until = self._clock() + int(within_s * 1000)
        try:
            payload = encode(Command(number, command, until, arguments))
        except WireError as error:
            raise BadInput("command", f"This is no command that boards take: {error.reason}.") from error
        except RecursionError as error:
            raise BadInput("arguments", "The arguments are nested too deeply.") from error
        if command not in READS:
            act = Act(actor, OPERATE, f"device {command[:32]}", device, self._clock())
            await acts.carry_out(self._database, act, lambda _: None)
        pending = Pending(device, payload, asyncio.get_running_loop().create_future())
        self._pending[number] = pending
        try:
            return _answer(pending, command, await self._answered(pending, within_s))
        except TimeoutError:
            text = f"{device} did not answer within {within_s:g} s; it may have done it all the same."
            return CommandResult(number, device, command, "unanswered", text=text)
        finally:
            del self._pending[number]

    async def _answered(self, pending: Pending, within_s: float) -> reading.Result:
        if not self._say(pending):
            raise Conflict("The edge is not connected to the broker; try again when it is.")
        async with asyncio.timeout(within_s):
            return await pending.done

    def _say(self, pending: Pending) -> bool:
        return self._publish(topics.topic(self._site, pending.device, "cmd"), pending.payload)

    def told(self, device: str, payload: bytes) -> None:
        """Take a `res` message in; one that nobody waits for is ignored. Raises WireError."""
        result = reading.result(payload)
        pending = self._pending.get(result.id)
        if pending is not None and pending.device == device and not pending.done.done():
            pending.done.set_result(result)

    def returned(self, device: str) -> None:
        """Send again what a device that is back online has not answered: it may never have arrived.

        Boards carry out a repeated command once.
        """
        for pending in self._pending.values():
            if pending.device == device and not pending.done.done():
                self._say(pending)


def _answer(pending: Pending, command: str, told: reading.Result) -> CommandResult:
    state: Literal["done", "refused"] = "done" if told.error is None else "refused"
    return CommandResult(told.id, pending.device, command, state, told.result, told.error, told.text or "")
