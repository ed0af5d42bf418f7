"""Whatever devices, clocks, disks and restarts do: each silence is told once, in time, and never without cause."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import StoreFull
from server.rights import THIS_MACHINE
from server.rules.silence import GATHER_MS
from tests.histories import count, folder
from tests.watch.world import BOARDS, DAY_MS, LOOK_MS, N_MS, World

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
    @settings(max_examples=count(pytestconfig))
    @given(STEPS)
    def history(steps: list[Any]) -> None:
        with folder() as made:
            asyncio.run(History(World(made)).run(steps))

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
            await world.site.core.registrar.revoke(THIS_MACHINE, amount)
            self.revoked.add(amount)
            await self._look(())  # which sees that it is gone
        elif kind == "toggle":
            await world.site.core.registrar.add(THIS_MACHINE, amount)
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
