"""The register: what is in the store is in memory and at the broker, whoever hangs up meanwhile."""

import asyncio

from server.rights import THIS_MACHINE
from tests.site import Opener


async def test_a_revocation_takes_effect_also_when_its_caller_hangs_up(site: Opener) -> None:
    async with site() as edge:
        told: list[str] = []

        async def update() -> None:
            await asyncio.sleep(0.01)
            told.append("broker")

        edge.core.registrar.update = update
        asking = asyncio.create_task(edge.core.registrar.revoke(THIS_MACHINE, "till-1"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        number = edge.core.names.ids["device"]["till-1"]
        assert number not in edge.core.names.senders
        assert told == ["broker"]
        assert await edge.query("SELECT revoked_at IS NOT NULL FROM device WHERE name = 'till-1'") == [(1,)]


async def test_two_people_who_describe_a_device_at_once_do_not_undo_each_other(site: Opener) -> None:
    async with site() as edge:
        registrar = edge.core.registrar
        changes = await asyncio.gather(
            registrar.describe(THIS_MACHINE, "till-1", label="Till at the door"),
            registrar.describe(THIS_MACHINE, "till-1", group="Pier"),
        )
        assert [after for _, after in changes] == [("Till at the door", ""), ("Till at the door", "Pier")]
        seen = edge.core.presence.one("till-1")
        assert (seen.label, seen.group) == ("Till at the door", "Pier")
        assert await edge.query("SELECT label, place FROM device WHERE name = 'till-1'") == [
            ("Till at the door", "Pier")
        ]
