"""A device that falls silent is told of once, with all that fall silent with it, whatever clocks and restarts do."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.rights import THIS_MACHINE
from server.rules.rule import FACTS
from server.rules.silence import GATHER_MS
from server.settings import Rule
from tests.watch.world import BOARDS, DAY_MS, LOOK_MS, N_MS, START, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_forty_boards_that_a_router_takes_along_are_one_mail(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.started():
        boards = [f"board-{number:02}" for number in range(40)]
        for number, name in enumerate(boards):
            await world.site.core.registrar.add(THIS_MACHINE, name)
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
        await world.site.core.registrar.revoke(THIS_MACHINE, "till-1")
        await world.passes(10 * N_MS)
    async with world.started():
        await world.passes(10 * N_MS)
        assert await world.mails() == []
        await world.site.core.registrar.add(THIS_MACHINE, "till-1")
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


async def test_a_rule_that_was_away_for_a_while_does_not_tell_a_silence_again(world: World) -> None:
    for rules in (world.rules, (), world.rules):
        world.rules = rules
        async with world.started():
            if not await world.mails():
                await world.passes(LOOK_MS, ("till-1",))
            await world.passes(3 * N_MS)
            assert await world.mails() == [["till-1"]]
