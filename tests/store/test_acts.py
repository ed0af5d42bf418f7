"""An act is a right, a change and a row of the audit log: all of them or none, whenever its caller hangs up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from server.clock import milliseconds
from server.errors import BoardwalkError, Refused
from server.people.programs import Programs
from server.people.sign_in import SignIn
from server.people.staff import Staff
from server.rights import EVERYTHING, THIS_MACHINE, Actor
from server.store import audit, sessions, staff
from server.store.connection import Connection
from tests.site import Opener, Site

CHANGES = {  # by act: a query that tells whether it happened, and what it is called in the audit log
    "add": ("SELECT count(*) FROM device WHERE name = 'door'", "device added"),
    "renew": ("SELECT secret <> '{secret}' FROM device WHERE name = 'till-1'", "device credentials renewed"),
    "revoke": ("SELECT revoked_at IS NOT NULL FROM device WHERE name = 'till-1'", "device revoked"),
    "describe": ("SELECT label = 'Till' FROM device WHERE name = 'till-1'", "device described"),
    "invite": ("SELECT count(*) FROM staff WHERE email = 'bob@shop.example'", "user invited"),
    "link": ("SELECT count(*) FROM link WHERE used_at IS NULL", "user link made"),
    "role": ("SELECT role = 'viewer' FROM staff WHERE email = 'cy@shop.example'", "user role given"),
    "remove": ("SELECT removed_at IS NOT NULL FROM staff WHERE email = 'ann@shop.example'", "user removed"),
    "token": ("SELECT count(*) FROM token WHERE name = 'web' AND revoked_at IS NULL", "token added"),
    "untoken": ("SELECT revoked_at IS NOT NULL FROM token WHERE name = 'old'", "token revoked"),
    "sign in": ("SELECT count(*) FROM session", "signed in"),
    "sign out": ("SELECT count(*) FROM session WHERE ended_at IS NOT NULL", "signed out"),
    "use link": ("SELECT count(*) FROM link WHERE used_at IS NOT NULL", "link used"),
}


class Office:
    """A site with a person, a token and a link, and every act that there is."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.staff = Staff(site.core.database, milliseconds)
        self.programs = Programs(site.core.database, milliseconds)
        self.door = SignIn(site.core.database, milliseconds)

    async def furnish(self, kind: str) -> Callable[[], Awaitable[object]]:
        """What an act needs, made; the act itself, not begun."""
        registrar = self.site.core.registrar
        link = await self.staff.invite(THIS_MACHINE, "ann@shop.example", "admin")
        await self.programs.add(THIS_MACHINE, "old", ["read"])
        person = await self.door.person("ann@shop.example")
        assert person is not None
        if kind == "link":
            await self.door.use(link, "", "a hash")
        if kind == "role":
            await self.staff.invite(THIS_MACHINE, "cy@shop.example", "operator")
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "add": lambda: registrar.add(THIS_MACHINE, "door"),
            "renew": lambda: registrar.renew(THIS_MACHINE, "till-1"),
            "revoke": lambda: registrar.revoke(THIS_MACHINE, "till-1"),
            "describe": lambda: registrar.describe(THIS_MACHINE, "till-1", "Till"),
            "invite": lambda: self.staff.invite(THIS_MACHINE, "bob@shop.example", "viewer"),
            "link": lambda: self.staff.link(THIS_MACHINE, "ann@shop.example"),
            "role": lambda: self.staff.give_role(THIS_MACHINE, "cy@shop.example", "viewer"),
            "remove": lambda: self.staff.remove(THIS_MACHINE, "ann@shop.example"),
            "token": lambda: self.programs.add(THIS_MACHINE, "web", ["ingest"]),
            "untoken": lambda: self.programs.revoke(THIS_MACHINE, "old"),
            "sign in": lambda: self.door.begin(person),
            "use link": lambda: self.door.use(link, "", "a hash"),
        }
        if kind == "sign out":
            found = await self.site.core.database.read(
                sessions.find, await self.door.begin(person), milliseconds()
            )
            assert found is not None
            return lambda: self.door.end(found)
        return acts[kind]

    async def rows(self, action: str) -> int:
        """How often an act stands in the audit log."""
        entries = await self.site.core.database.read(audit.page, None, 1000)
        return sum(one.action == action for one in entries)


@pytest.fixture
async def office(site: Opener, tmp_path: Path) -> AsyncIterator[Callable[[], Awaitable[Office]]]:
    """Opens a new one at each call."""
    opened = []

    async def new() -> Office:
        context = site(folder=tmp_path / str(len(opened)))
        opened.append(context)
        return Office(await context.__aenter__())

    yield new
    for context in opened:
        await context.__aexit__(None, None, None)


@pytest.mark.parametrize("kind", CHANGES)
async def test_cancelled_at_any_await_an_act_has_happened_with_its_row_or_not_at_all(
    office: Callable[[], Awaitable[Office]], kind: str
) -> None:
    query, action = CHANGES[kind]
    seen: set[bool] = set()
    for steps in range(12):
        one = await office()
        begin = await one.furnish(kind)
        secret = await one.site.query("SELECT secret FROM device WHERE name = 'till-1'")
        query = CHANGES[kind][0].replace("{secret}", str(secret[0][0]))
        before = await one.rows(action)
        task = asyncio.ensure_future(begin())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        happened = await one.site.query(query) == [(1,)]
        assert await one.rows(action) - before == int(happened), steps
        number = one.site.core.names.ids["device"]["till-1"]
        if kind == "revoke":
            assert (number not in one.site.core.names.senders) == happened
        if kind == "add":
            assert ("door" in one.site.core.names.ids["device"]) == happened
        if kind == "describe":
            assert (one.site.core.presence.one("till-1").label == "Till") == happened
        seen.add(happened)
    assert seen == {True, False}


@pytest.mark.parametrize(
    "kind", [kind for kind in CHANGES if kind not in ("sign in", "sign out", "use link")]
)
async def test_an_act_that_fails_leaves_no_row(office: Callable[[], Awaitable[Office]], kind: str) -> None:
    one = await office()
    begin = await one.furnish(kind)
    await begin()
    before = await one.rows(CHANGES[kind][1])
    if kind in ("renew", "describe", "invite", "link", "role"):  # these can be done again
        return
    with pytest.raises(BoardwalkError):
        await begin()
    assert await one.rows(CHANGES[kind][1]) == before


async def test_a_right_that_ended_a_moment_ago_is_refused_and_changes_nothing(
    office: Callable[[], Awaitable[Office]],
) -> None:
    one = await office()
    database, registrar = one.site.core.database, one.site.core.registrar
    await one.staff.invite(THIS_MACHINE, "ann@shop.example", "admin")
    person = await one.door.person("ann@shop.example")
    assert person is not None
    session = await one.door.begin(person)
    ann = Actor(person.email, EVERYTHING, session=session)
    await one.programs.add(THIS_MACHINE, "robot", ["admin"])
    robot = Actor("token robot", EVERYTHING, token="robot")
    await registrar.add(ann, "door-1")
    await registrar.add(robot, "door-2")

    def lowered(connection: Connection) -> None:
        connection.execute("UPDATE staff SET role = 'viewer'")

    await database.write(lowered)
    await one.programs.revoke(THIS_MACHINE, "robot")
    before = await one.rows("device added")
    for actor, name in ((ann, "door-3"), (robot, "door-4")):
        with pytest.raises(Refused, match="needs the right to admin"):
            await registrar.add(actor, name)
    await database.write(staff.remove, "ann@shop.example", milliseconds())
    with pytest.raises(Refused):
        await registrar.describe(ann, "door-1", "Mine")
    assert await one.site.query("SELECT count(*) FROM device WHERE name IN ('door-3', 'door-4')") == [(0,)]
    assert await one.rows("device added") == before
