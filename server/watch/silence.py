"""Looks every few seconds for devices that have become silent, and writes the mails that rules ask for."""

import asyncio
import time
from collections.abc import Callable, Iterable

from loguru import logger

from server.calendar import Offset
from server.errors import StoreFull
from server.rules import mail_key
from server.rules.quiet import not_before
from server.rules.rule import Addresses, Match
from server.rules.silence import Heard, Silence
from server.settings import Rule
from server.store import silences
from server.store.database import Database
from server.store.devices import Device

LOOK_S = 5.0
LONGEST_STEP_MS = int(3 * LOOK_S * 1000)  # after a longer step the edge stood still, and could hear no device


class SilenceWatch:
    """All rules with `silent`.

    devices: all devices of the register, as they are now. offset: of the site's time zone. clock: ms since
    1970 UTC, for what mails say; silence itself is measured by the time that passes.
    """

    def __init__(
        self, rules: Iterable[Rule], addresses: Addresses, offset: Offset,
        devices: Callable[[], Iterable[Device]], clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._rules = [rule for rule in rules if rule.silent]
        self._addresses = addresses
        self._offset = offset
        self._devices = devices
        self._clock = clock
        self._silences: list[Silence] = []
        self._awake_ms = 0
        self._refused = False  # by the disk, and so logged

    async def load(self, database: Database) -> None:
        """Read what was told before."""
        told = await database.read(silences.told)
        self._silences = [Silence(rule, told.get(rule.name, {})) for rule in self._rules]

    async def run(self, database: Database) -> None:
        """Look until cancelled."""
        if not self._rules:
            return
        await self.load(database)
        before = time.monotonic()
        while True:
            now = time.monotonic()
            await self.look(database, int((now - before) * 1000))
            before = now
            await asyncio.sleep(LOOK_S)

    async def look(self, database: Database, passed_ms: int) -> None:
        """Look once. passed_ms: since the last look. A later look tells what a full disk refused."""
        self._awake_ms += min(passed_ms, LONGEST_STEP_MS)
        heard = [
            Heard(one.name, one.last_seen_at)
            for one in self._devices()
            if one.revoked_at is None and one.last_seen_at is not None
        ]
        for silence in self._silences:
            devices = silence.look(heard, self._awake_ms)
            if not devices:
                continue
            now = self._clock()
            try:
                await database.write(silences.tell, self._mails(silence.rule, devices, now), devices, now)
            except StoreFull as error:
                if not self._refused:
                    logger.warning("{}: no mail yet: {}", silence.rule.name, error.sentence)
                self._refused = True
                continue
            self._refused = False
            silence.told(devices, self._awake_ms)

    def _mails(self, rule: Rule, devices: list[Heard], now: int) -> list[Match]:
        not_before_at = not_before(rule.hours, now, now, self._offset)
        facts = {
            "rule": rule.name, "silent": rule.silent, "at": now,
            "devices": [{"name": one.name, "heard_at": one.heard_at} for one in devices],
        }  # fmt: skip
        key = mail_key.silence(*devices[0])
        return [
            Match(rule, key, address.text, not_before_at, facts, address.wrong)
            for address in self._addresses.of(rule.to, None, None)
        ]
