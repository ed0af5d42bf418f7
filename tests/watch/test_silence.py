"""A device that falls silent is told of once, with all that fall silent with it, whatever clocks and restarts do."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core import open_core
from server.errors import StoreFull
from server.ingest.days import Days
from server.rules.rule import FACTS, Addresses
from server.rules.silence import GATHER_MS
from server.settings import Rule, Settings
from server.store.database import Database
from server.watch.silence import LOOK_S, SilenceWatch
from tests.site import Site

START = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp() * 1000)
LOOK_MS = int(LOOK_S * 1000)
N_MS = 120_000
RULE = Rule(name="quiet-board", silent="2m", to="staff")
STAFF = Addresses(("ann@shop.example", "bo@shop.example"), "")
BOARDS = ["till-1", "till-2", "till-3"]
DAY_MS = 86_400_000


class World:
    """An edge with clocks that the test turns, over one folder."""

    def __init__(self, folder: Path, rules: tuple[Rule, ...] = (RULE,), zone: str = "UTC") -> None:
        self.folder = folder
        self.rules = rules
        self.zone = zone
        self.wall = START
        self.dies = False

    @asynccontextmanager
    async def started(self, save: bool = True) -> AsyncIterator["World"]:
        """One life of the edge. save: whether it ends in order."""
        async with Database(self.folder) as database:
            self.site = Site(await open_core(Settings(), database))
            self.presence = self.site.core.presence
            for name in BOARDS:
                if name not in self.site.core.names.ids["device"]:
                    await self.site.core.registrar.add(name)
            offset = Days(ZoneInfo(self.zone)).offset
            self.watch = SilenceWatch(self.rules, STAFF, offset, self.presence.all, lambda: self.wall)
            await self.watch.load(database)
            await self.watch.look(database, 0)
            yield self
            if save:
                await self.presence.save(database)

    async def passes(self, span_ms: int, speaking: tuple[str, ...] = ()) -> None:
        """Time goes by, while some speak at every look."""
        for _ in range(0, span_ms, LOOK_MS):
            self.wall += LOOK_MS
            for name in speaking:
                self.presence.heard(name, self.wall)
            await self.watch.look(self.site.core.database, LOOK_MS)

    async def mails(self, recipient: str = "ann@shop.example") -> list[list[str]]:
        """The devices that each mail names."""
        rows = await self.site.query(f"SELECT facts FROM mail WHERE recipient = '{recipient}' ORDER BY id")
        return [[one["name"] for one in json.loads(str(facts))["devices"]] for (facts,) in rows]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_forty_boards_that_a_router_takes_along_are_one_mail(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.started():
        boards = [f"board-{number:02}" for number in range(40)]
        for number, name in enumerate(boards):
            await world.site.core.registrar.add(name)
            world.presence.heard(name, world.wall - number * 750)  # their last words lie within 30 s
            if number % 7 == 0:
                await world.passes(LOOK_MS)
        await world.passes(20 * N_MS)
        assert await world.mails() == [boards]
        assert await world.mails("bo@shop.example") == [boards]
        (row,) = await world.site.query("SELECT key, facts FROM mail WHERE recipient = 'ann@shop.example'")
        facts = json.loads(str(row[1]))
        assert set(facts) == FACTS["silent"]
        assert row[0] == f"silent:board-00:{START}"


async def test_who_falls_silent_soon_after_a_mail_waits_for_the_next(world: World) -> None:
    async with world.started():
        await world.passes(LOOK_MS, tuple(BOARDS))
        await world.passes(N_MS + GATHER_MS, ("till-2", "till-3"))
        assert await world.mails() == [["till-1"]]
        await world.passes(LOOK_MS, ("till-3",))
        await world.passes(N_MS - LOOK_MS)
        assert await world.mails() == [["till-1"]]
        await world.passes(N_MS)
        assert await world.mails() == [["till-1"], ["till-2", "till-3"]]


async def test_a_device_that_speaks_again_and_falls_silent_again_is_told_again(world: World) -> None:
    async with world.started():
        for _ in range(2):
            await world.passes(LOOK_MS, ("till-1",))
            await world.passes(N_MS + GATHER_MS + 2 * LOOK_MS)
            await world.passes(N_MS)
        assert await world.mails() == [["till-1"], ["till-1"]]


async def test_a_device_that_speaks_before_the_mail_is_written_is_not_in_it(world: World) -> None:
    async with world.started():
        await world.passes(LOOK_MS, ("till-1", "till-2"))
        await world.passes(N_MS + LOOK_MS)
        await world.passes(2 * GATHER_MS, ("till-2",))
        assert await world.mails() == [["till-1"]]


async def test_never_heard_and_revoked_devices_and_sources_are_never_silent(world: World) -> None:
    async with world.started():
        await world.site.core.database.write(
            lambda store: (
                store.execute("INSERT INTO device (name, added_at) VALUES ('http-website', 0)").rowcount
            )
        )
        await world.passes(LOOK_MS, ("till-1",))
        await world.site.core.registrar.revoke("till-1")
        await world.passes(10 * N_MS)
    async with world.started():
        await world.passes(10 * N_MS)
        assert await world.mails() == []
        await world.site.core.registrar.add("till-1")
        await world.passes(N_MS - LOOK_MS)
        assert await world.mails() == []  # it has as long as after a start


async def test_neither_time_off_nor_a_clock_that_jumps_nor_a_standstill_makes_a_device_silent(
    world: World,
) -> None:
    async with world.started():
        await world.passes(LOOK_MS, ("till-1",))
    world.wall += 30 * DAY_MS
    async with world.started():
        await world.passes(N_MS // 2)
        for jump in (DAY_MS, -40 * DAY_MS, 7 * DAY_MS):
            world.wall += jump
            await world.passes(LOOK_MS, ("till-1",))
            await world.passes(N_MS // 2)
        await world.watch.look(world.site.core.database, 100 * N_MS)  # the process was stopped for so long
        await world.passes(LOOK_MS, ("till-1",))
        await world.passes(N_MS // 2)
        assert await world.mails() == []


async def test_a_rule_can_be_of_some_devices_only(tmp_path: Path) -> None:
    some = Rule(name="some", silent="2m", to="staff", where=("device != 'till-1'", "device < 'till-3'"))
    world = World(tmp_path, (some,))
    async with world.started():
        await world.passes(LOOK_MS, tuple(BOARDS))
        await world.passes(3 * N_MS)
        assert await world.mails() == [["till-2"]]


async def test_what_quiet_hours_hold_back_is_one_mail(tmp_path: Path) -> None:
    night = Rule(name="night", silent="2m", to="staff", quiet="11:00-06:00")
    world = World(tmp_path, (night,), "Europe/Berlin")
    async with world.started():
        await world.passes(LOOK_MS, tuple(BOARDS))
        await world.passes(3 * N_MS, ("till-2", "till-3"))
        await world.passes(3 * N_MS, ("till-3", "till-1"))
    async with world.started():
        await world.passes(5 * N_MS, ("till-3",))
        assert await world.mails() == [["till-1", "till-2", "till-1"]]
        assert await world.mails("bo@shop.example") == [["till-1", "till-2", "till-1"]]
        six = int(datetime(2026, 6, 2, 4, tzinfo=UTC).timestamp() * 1000)
        assert set(await world.site.query("SELECT not_before_at FROM mail")) == {(six,)}


async def test_an_edge_that_was_killed_does_not_tell_a_silence_again(world: World) -> None:
    async with world.started():
        await world.passes(LOOK_MS, ("till-1",))
    async with world.started(save=False):
        await world.passes(LOOK_MS, ("till-1",))  # which nobody has saved when the mail is written
        await world.passes(3 * N_MS)
    async with world.started():
        await world.passes(3 * N_MS)
        assert await world.mails() == [["till-1"]]


async def test_a_rule_that_was_taken_out_is_forgotten(world: World) -> None:
    async with world.started():
        await world.passes(LOOK_MS, ("till-1",))
        await world.passes(3 * N_MS)
    world.rules = ()
    async with world.started():
        assert await world.site.query("SELECT * FROM silence") == []


SOME = st.sets(st.sampled_from(BOARDS)).map(lambda names: tuple(sorted(names)))
LOOKS = st.sampled_from([1, 7, 17, 26, 40])
NOBODY = st.just(())
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), LOOKS, SOME),
        st.tuples(st.just("pass"), LOOKS, SOME),
        st.tuples(st.just("pass"), LOOKS, NOBODY),
        st.tuples(st.just("disk"), LOOKS, NOBODY),
        st.tuples(st.just("jump"), st.sampled_from([-3 * DAY_MS, DAY_MS]), NOBODY),
        st.tuples(st.sampled_from(["restart", "crash", "save"]), st.just(0), NOBODY),
        st.tuples(st.just("toggle"), st.sampled_from(BOARDS), NOBODY),
    ),
    min_size=8,
    max_size=24,
)


def test_each_silence_is_told_once_and_in_time_after_any_history(pytestconfig: pytest.Config) -> None:
    count = 20_000 if pytestconfig.getoption("--soak") else 200

    @settings(max_examples=count, deadline=None)
    @given(STEPS)
    def history(steps: list[Any]) -> None:
        folder = Path(tempfile.mkdtemp())
        try:
            asyncio.run(History(World(folder)).run(steps))
        finally:
            shutil.rmtree(folder)

    history()


class History:
    """Writes down who spoke when, in ms that the edge was awake for, and holds each mail against that."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.awake = 0
        self.began: dict[str, int] = {}  # awake time of its last word, its return or the start of this life
        self.heard: dict[str, int] = {}  # wall time of its last word
        self.saved: dict[str, int] = {}
        self.revoked: set[str] = set()
        self.told: set[tuple[str, int]] = set()
        self.mails = 0
        self.last_mail: int | None = None

    async def run(self, steps: list[Any]) -> None:
        steps = [*steps, ("restart", 0, ())]
        while steps:
            kinds = [step[0] for step in steps]
            end = next(number for number, kind in enumerate(kinds) if kind in ("restart", "crash"))
            self.began, self.last_mail = dict.fromkeys(BOARDS, self.awake), None
            async with self.world.started(save=kinds[end] == "restart"):
                for step in steps[:end]:
                    await self._step(*step)
            self.heard = dict(self.heard if kinds[end] == "restart" else self.saved)
            self.saved = dict(self.heard)
            steps = steps[end + 1 :]

    async def _step(self, kind: str, amount: Any, names: tuple[str, ...]) -> None:
        world = self.world
        if kind == "jump":
            world.wall += amount
        elif kind == "save":
            await world.presence.save(world.site.core.database)
            self.saved = dict(self.heard)
        elif kind == "toggle" and amount not in self.revoked:
            await world.site.core.registrar.revoke(amount)
            self.revoked.add(amount)
            await self._look(())  # which sees that it is gone
        elif kind == "toggle":
            await world.site.core.registrar.add(amount)
            self.revoked.discard(amount)
            self.began[amount] = self.awake
        elif kind == "disk":
            database = world.site.core.database
            database.write = _refuse  # type: ignore[method-assign]
            for _ in range(amount):
                await self._look((), in_time=False)
            del database.write
            await self._look((), in_time=False)
        elif kind == "pass":
            for _ in range(amount):
                await self._look(tuple(set(names) - self.revoked))

    async def _look(self, speaking: tuple[str, ...], in_time: bool = True) -> None:
        await self.world.passes(LOOK_MS, speaking)
        self.awake += LOOK_MS
        for name in speaking:
            self.heard[name], self.began[name] = self.world.wall, self.awake
        await self._check(in_time)

    async def _check(self, in_time: bool) -> None:
        mails = (await self.world.mails())[self.mails :]
        assert len(mails) <= 1
        for names in mails:
            self.mails += 1
            assert self.last_mail is None or self.awake - self.last_mail >= N_MS
            self.last_mail = self.awake
            for name in names:
                assert name not in self.revoked
                assert self.awake - self.began[name] >= N_MS
                assert (name, self.heard[name]) not in self.told
                self.told.add((name, self.heard[name]))
                self.saved[name] = self.heard[name]
        for name, heard in self.heard.items():
            is_late = self.awake - self.began[name] > 2 * N_MS + GATHER_MS + 2 * LOOK_MS
            assert name in self.revoked or not (is_late and in_time) or (name, heard) in self.told


async def _refuse(*work: object) -> None:
    raise StoreFull("The disk is full.")
