"""The presence of devices: the latest `state` of each one, in memory, saved now and then."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from firmware.wire import reading
from firmware.wire.errors import WireError
from server.errors import NotFound, StoreFull
from server.folds.beats import Beats
from server.store import beats, devices
from server.store.connection import Connection
from server.store.database import Database
from server.store.devices import Device

SAVE_S = 5.0


class Presence:
    """All devices with what they last told. beats: the minutes in which they were heard."""

    def __init__(self) -> None:
        self._seen: dict[str, Device] = {}
        self._dirty: set[str] = set()
        self.beats = Beats()

    async def load(self, database: Database, now: int) -> None:
        """Read the register; every device is offline until it says otherwise."""
        await database.read(self.beats.load, now)
        for one in await database.read(devices.everyone):
            self._seen[one.name] = one
        self.everyone_left()

    def all(self) -> list[Device]:
        """Every device that is known, by name."""
        return [self._seen[name] for name in sorted(self._seen)]

    def one(self, name: str) -> Device:
        """A device. Raises NotFound."""
        if name not in self._seen:
            raise NotFound(f"There is no device {name}; boardwalk device list shows them all.")
        return self._seen[name]

    def told(self, name: str, payload: bytes, now: int, retained: bool = False) -> int | None:
        """Take a `state` message in; the epoch of a board that says it is online, else None.

        retained: whether the broker had kept it; the board may have left since, and its will may be lost.
        Raises WireError for a message that is no state, or of no device.
        """
        known = self._seen.get(name)
        if known is None or known.revoked_at is not None:
            raise WireError("unknown device")
        facts = reading.state(payload)
        if facts is None:
            self.put(replace(known, online=False))
            return None
        if retained:
            self.put(replace(known, state=facts))
        else:
            self.put(replace(known, online=True, last_seen_at=now, state=facts))
            self.beats.heard(name, now)
        epoch = facts.get("epoch")
        return epoch if isinstance(epoch, int) else None

    def heard(self, name: str, now: int) -> None:
        """A message of the device arrived."""
        known = self._seen.get(name)
        if known is not None and abs(now - (known.last_seen_at or 0)) > 1000:
            self._seen[name] = replace(known, last_seen_at=now)
            self._dirty.add(name)
            self.beats.heard(name, now)

    def everyone_left(self) -> None:
        """Take every device as offline: the broker is gone, and every connection with it."""
        for one in self.all():
            if one.online:
                self.put(replace(one, online=False))

    def added(self, name: str, now: int) -> None:
        """A device was registered, or registered again."""
        known = self._seen.get(name) or Device(name, False, None, now, None, None)
        self.put(replace(known, revoked_at=None))

    def revoked(self, name: str, now: int) -> None:
        """A device lost its right to send."""
        if name in self._seen:
            self.put(replace(self._seen[name], revoked_at=now, online=False))

    def described(self, name: str, label: str, group: str) -> None:
        """Staff gave a device another label or group."""
        self.put(replace(self._seen[name], label=label, group=group))

    def conflicted(self, name: str, now: int) -> None:
        """An event of the device differed from the committed one of the same number."""
        if name in self._seen:
            self.put(replace(self._seen[name], conflict_at=now))

    async def keep(self, database: Database, every_s: float = SAVE_S) -> None:
        """Save now and then until cancelled; what a full disk refuses is saved later."""
        while True:
            await asyncio.sleep(every_s)
            with suppress(StoreFull):  # the consumer tells of it
                await self.save(database)

    async def save(self, database: Database) -> None:
        """Write what changed since the last save."""
        names, self._dirty = self._dirty, set()
        if not names:
            return
        seen, minutes = [self._seen[name] for name in names], self.beats.unsaved()

        def write(connection: Connection) -> None:
            devices.save_presence(connection, seen)
            beats.save(connection, minutes.days, minutes.old)

        try:
            await database.write(write)
        except BaseException:
            self._dirty |= names
            self.beats.merge(minutes)
            raise

    def put(self, one: Device) -> None:
        """Know a device as it is now."""
        if self._seen.get(one.name) != one:
            self._seen[one.name] = one
            self._dirty.add(one.name)
