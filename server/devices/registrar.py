"""The device register: each change takes effect in the store, in memory and at the broker."""

from collections.abc import Awaitable, Callable

import msgspec

from server.errors import BadInput
from server.folds.names import Names
from server.folds.presence import Presence
from server.rights import ADMIN, OPERATE, Actor
from server.store import acts, devices
from server.store.acts import Act
from server.store.database import Database
from server.store.devices import Described
from server.to_the_end import to_the_end

LONGEST = 64  # characters of a label or group


class Credentials(msgspec.Struct, frozen=True):
    """The credentials of a device at the broker.

    device: its name. username: for MQTT, the same as the name. secret: the password, told only now.
    """

    device: str
    username: str
    secret: str


class Registrar:
    """The device register of a running edge. clock: ms since 1970 UTC.

    update: brings changes to the broker; called after each one.
    """

    def __init__(
        self, database: Database, names: Names, presence: Presence, clock: Callable[[], int]
    ) -> None:
        self._database = database
        self._names = names
        self._presence = presence
        self._clock = clock
        self.update: Callable[[], Awaitable[None]] = _nothing

    async def add(self, actor: Actor, name: str) -> Credentials:
        """Register a device, or one that was revoked again. Raises Refused, BadInput and Conflict."""
        return await to_the_end(self._add(actor, name))

    async def renew(self, actor: Actor, name: str) -> Credentials:
        """New credentials for a device that is registered; its old secret ends at once.

        Raises Refused and NotFound.
        """
        return await to_the_end(self._renew(actor, name))

    async def revoke(self, actor: Actor, name: str) -> None:
        """Take the device's right to send away, for good. Raises Refused and NotFound."""
        await to_the_end(self._revoke(actor, name))

    async def describe(
        self, actor: Actor, name: str, label: str | None = None, group: str | None = None
    ) -> tuple[Described, Described]:
        """Give a device another label or group, None: as it is; what was said of it before and is now.

        Raises Refused, NotFound, and BadInput for a text that is too long or not printable.
        """
        return await to_the_end(self._describe(actor, name, label, group))

    # store, memory and broker change together: a caller that hangs up must not come in between

    async def _add(self, actor: Actor, name: str) -> Credentials:
        act = Act(actor, ADMIN, "device added", name, self._clock())
        number, secret = await acts.carry_out(self._database, act, devices.add, name, act.now)
        self._names.adopt("device", name, number)
        self._names.senders.add(number)
        self._presence.added(name, act.now)
        await self.update()
        return Credentials(name, name, secret)

    async def _renew(self, actor: Actor, name: str) -> Credentials:
        act = Act(actor, ADMIN, "device credentials renewed", name, self._clock())
        secret = await acts.carry_out(self._database, act, devices.renew, name)
        await self.update()
        return Credentials(name, name, secret)

    async def _revoke(self, actor: Actor, name: str) -> None:
        act = Act(actor, ADMIN, "device revoked", name, self._clock())
        number = await acts.carry_out(self._database, act, devices.revoke, name, act.now)
        self._names.senders.discard(number)
        self._presence.revoked(name, act.now)
        await self.update()

    async def _describe(
        self, actor: Actor, name: str, label: str | None, group: str | None
    ) -> tuple[Described, Described]:
        self._presence.one(name)
        wanted = (
            None if label is None else _text("label", label),
            None if group is None else _text("group", group),
        )
        action = "device moved" if label is None else "device described"
        act = Act(actor, OPERATE, action, name, self._clock())
        before, after = await acts.carry_out(self._database, act, devices.describe, name, *wanted)
        self._presence.described(name, *after)
        return before, after


async def _nothing() -> None:
    """The update of an edge whose broker asks for no secrets, or is not its own."""


def _text(field: str, text: str) -> str:
    """A text of staff, without the space around it. Raises BadInput."""
    text = text.strip()
    if len(text) > LONGEST or not text.isprintable():
        raise BadInput(field, f"A {field} is at most {LONGEST} printable characters.")
    return text
