"""Who is here: told by live messages only, never by what a broker kept."""

from contextlib import suppress

import pytest

from firmware.wire import state
from firmware.wire.errors import WireError
from tests.ingest.boards import NOW
from tests.site import Opener, Site


def seen(edge: Site, name: str = "till-1") -> tuple[bool, int | None, object]:
    one = next(one for one in edge.core.presence.all() if one.name == name)
    return one.online, one.last_seen_at, one.state.get("boot")


async def test_a_retained_state_tells_facts_but_not_that_its_board_is_here(site: Opener) -> None:
    async with site() as edge:
        presence = edge.core.presence
        presence.told("till-1", b'{"online":true,"boot":3,"epoch":7}', NOW)
        presence.everyone_left()
        told = presence.told("till-1", b'{"online":true,"boot":4,"epoch":7}', NOW + 5_000, retained=True)
        assert told == 7  # if it is here all the same, an ack lets it send again what nobody heard
        assert seen(edge) == (False, NOW, 4)
        assert presence.told("till-1", b'{"online":true,"boot":5,"epoch":7}', NOW + 9_000) == 7
        assert seen(edge) == (True, NOW + 9_000, 5)


async def test_nobody_is_here_after_a_start_until_it_says_so(site: Opener) -> None:
    async with site() as edge:
        edge.core.presence.told("till-1", b'{"online":true,"boot":3}', NOW)
        await edge.core.presence.save(edge.core.database)
    async with site() as edge:
        assert seen(edge) == (False, NOW, 3)
        await edge.core.presence.save(edge.core.database)
        assert await edge.query("SELECT online FROM device WHERE name = 'till-1'") == [(0,)]


async def test_a_clock_that_was_set_back_does_not_leave_a_device_seen_in_the_future(site: Opener) -> None:
    async with site() as edge:
        edge.core.presence.heard("till-1", NOW + 10**10)
        edge.core.presence.heard("till-1", NOW)
        assert seen(edge)[1] == NOW


async def test_every_fact_that_a_board_tells_is_known(site: Opener) -> None:
    facts: dict[str, object] = dict.fromkeys(state.FIELDS, 7)
    facts |= {"firmware": "0.1.0", "reset": "power", "mode": "safe", "trouble": "no-wifi"}
    async with site() as edge:
        edge.core.presence.told("till-1", state.encode(facts), NOW)
        assert edge.core.presence.one("till-1").state == facts


STATES = [
    b"", b"[" * 100_000, b'{"online":' + b"[" * 100_000, b'"online"', b"[1]", b"null", b'{"online":1}', b"\xff",
    b'{"online":true,"rssi":' + b"9" * 4000 + b"}", b'{"online":true,"rssi":' + b"9" * 5000 + b"}",
    b'{"online":true,"firmware":"\\ud800","battery":NaN,"heap_free":1e999,"epoch":true,"boot":[1]}',
]  # fmt: skip


@pytest.mark.parametrize("payload", STATES, ids=lambda payload: repr(payload[:40]))
async def test_no_state_message_throws_or_leaves_a_fact_that_cannot_be_shown(
    payload: bytes, site: Opener
) -> None:
    async with site() as edge:
        with suppress(WireError):
            assert edge.core.presence.told("till-1", payload, NOW) is None
        one = next(one for one in edge.core.presence.all() if one.name == "till-1")
        assert one.state == {}
        await edge.core.presence.save(edge.core.database)
