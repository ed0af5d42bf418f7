"""Adding, renewing and revoking devices, with effect in the store, in memory and at the broker."""

from collections.abc import Awaitable, Callable

from server.errors import BadInput
from server.folds.names import Names
from server.folds.presence import Presence
from server.store import devices
from server.store.database import Database
from server.store.devices import Device
from server.to_the_end import to_the_end

LONGEST = 64


class Registrar:
    """The device register of a running edge. update: brings changes to the broker."""

    def __init__(
        self, database: Database, names: Names, presence: Presence, clock: Callable[[], int]
    ) -> None:
        self._database = database
        self._names = names
        self._presence = presence
        self._clock = clock
        self.update: Callable[[], Awaitable[None]] | None = None

    async def add(self, name: str) -> dict[str, str]:
        """{"device", "username", "secret"}, the secret this once. Raises BadInput, Conflict."""
        return await to_the_end(self._add(name))

    async def renew(self, name: str) -> dict[str, str]:
        """As `add`, for a device that is there; its old secret ends at once. Raises NotFound."""
        return await to_the_end(self._renew(name))

    async def revoke(self, name: str) -> None:
        """Cut the device off now and for good. Raises NotFound."""
        await to_the_end(self._revoke(name))

    async def describe(self, name: str, label: str | None = None, group: str | None = None) -> Device:
        """Give a device another label or group, None: as it is; how it was before.

        Raises NotFound, and BadInput for a text that is too long or not printable.
        """
        return await to_the_end(self._describe(name, label, group))

    # store, memory and broker change together: a caller that hangs up must not come in between

    async def _add(self, name: str) -> dict[str, str]:
        now = self._clock()
        number, secret = await self._database.write(devices.add, name, now)
        self._names.adopt("device", name, number)
        self._names.senders.add(number)
        self._presence.added(name, now)
        await self._tell()
        return {"device": name, "username": name, "secret": secret}

    async def _renew(self, name: str) -> dict[str, str]:
        secret = await self._database.write(devices.renew, name)
        await self._tell()
        return {"device": name, "username": name, "secret": secret}

    async def _revoke(self, name: str) -> None:
        now = self._clock()
        number = await self._database.write(devices.revoke, name, now)
        self._names.senders.discard(number)
        self._presence.revoked(name, now)
        await self._tell()

    async def _describe(self, name: str, label: str | None, group: str | None) -> Device:
        before = self._presence.one(name)
        label = before.label if label is None else _text("label", label)
        group = before.group if group is None else _text("group", group)
        await self._database.write(devices.describe, name, label, group)
        self._presence.described(name, label, group)
        return before

    async def _tell(self) -> None:
        if self.update is not None:
            await self.update()


def _text(field: str, text: str) -> str:
    """What staff wrote, without space around it. Raises BadInput."""
    text = text.strip()
    if len(text) > LONGEST or not text.isprintable():
        raise BadInput(field, f"A {field} is at most {LONGEST} printable characters.")
    return text
