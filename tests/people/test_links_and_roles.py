"""Somebody who is known gets a new link, or another role, by acts that are written down like all others."""

import pytest

from server.clock import milliseconds
from server.errors import BadInput, BoardwalkError, Conflict, NotFound, Refused
from server.people.sign_in import SignIn
from server.people.staff import Staff
from server.rights import EVERYTHING, THIS_MACHINE, Actor
from server.store import audit
from tests.site import Opener, Site

ANN, BOB, CY = "ann@shop.example", "bob@shop.example", "cy@shop.example"


def parts(site: Site) -> tuple[Staff, SignIn]:
    return Staff(site.core.database, milliseconds), SignIn(site.core.database, milliseconds)


async def roles(site: Site) -> list[tuple[object, ...]]:
    return await site.query("SELECT email, role FROM staff WHERE removed_at IS NULL ORDER BY email")


async def written(site: Site) -> list[tuple[str, str, str]]:
    """Actor, action and detail of the audit log, the oldest first."""
    entries = await site.core.database.read(audit.page, None, 1000)
    return [(one.actor, one.action, one.detail) for one in entries[::-1]]


async def test_a_new_link_is_for_the_same_person_and_voids_the_older_one(site: Opener) -> None:
    """U20: a lost link, or a forgotten password, without saying the role again."""
    async with site(devices=()) as one:
        staff, door = parts(one)
        lost = await staff.invite(THIS_MACHINE, ANN, "operator")
        person, link = await staff.link(THIS_MACHINE, " Ann@Shop.example")
        assert (person.email, person.role) == (ANN, "operator")
        assert (await door.look(lost)).link is None
        assert (await door.look(link)).person == person
        assert await door.use(link, "", "a hash") is not None
        assert (await door.look(link)).link is None
        assert await written(one) == [
            ("this machine", "user invited", f"{ANN} (operator)"), ("this machine", "user link made", ANN),
            (ANN, "link used", ""),
        ]  # fmt: skip


async def test_nobody_is_invited_by_a_link_or_a_role_for_an_address_that_is_not_known(site: Opener) -> None:
    async with site(devices=()) as one:
        staff, _ = parts(one)
        await staff.invite(THIS_MACHINE, BOB, "viewer")
        await staff.remove(THIS_MACHINE, BOB)
        before = await written(one)
        sentence = "^Nobody signs in as {}; boardwalk user add invites somebody.$"
        for email in (ANN, BOB):
            with pytest.raises(NotFound, match=sentence.format(email)):
                await staff.link(THIS_MACHINE, email)
            with pytest.raises(NotFound, match=sentence.format(email)):
                await staff.give_role(THIS_MACHINE, email, "admin")
        assert (await roles(one), await written(one)) == ([], before)


async def test_another_role_holds_at_once_where_somebody_is_signed_in(site: Opener) -> None:
    """U20: roles are changed in place."""
    async with site(devices=()) as one:
        staff, door = parts(one)
        await staff.invite(THIS_MACHINE, ANN, "viewer")
        person = await door.person(ANN)
        assert person is not None
        ann = Actor(ANN, EVERYTHING, session=await door.begin(person))
        with pytest.raises(Refused):
            await staff.invite(ann, BOB, "viewer")
        assert (await staff.give_role(THIS_MACHINE, ANN, "admin")).role == "admin"
        await staff.invite(ann, BOB, "viewer")
        assert await roles(one) == [(ANN, "admin"), (BOB, "viewer")]
        assert ("this machine", "user role given", f"{ANN} (admin)") in await written(one)


async def test_somebody_whose_right_has_ended_gives_no_link_and_no_role(site: Opener) -> None:
    async with site(devices=()) as one:
        staff, door = parts(one)
        for email, role in ((ANN, "admin"), (BOB, "operator"), (CY, "admin")):
            await staff.invite(THIS_MACHINE, email, role)
        person = await door.person(ANN)
        assert person is not None
        ann = Actor(ANN, EVERYTHING, session=await door.begin(person))
        await staff.give_role(THIS_MACHINE, ANN, "viewer")
        before = await written(one)
        with pytest.raises(Refused):
            await staff.link(ann, CY)
        with pytest.raises(Refused):
            await staff.give_role(ann, ANN, "admin")
        assert (await roles(one))[0] == (ANN, "viewer")
        assert await written(one) == before


async def test_the_last_administrator_who_can_sign_in_stays_one(site: Opener) -> None:
    """A11: without one, the next start would offer the first link to whoever reads the log."""
    async with site(devices=()) as one:
        staff, door = parts(one)
        await door.use(await staff.invite(THIS_MACHINE, ANN, "admin"), "", "a hash")
        link = await staff.invite(THIS_MACHINE, BOB, "admin")  # who has not chosen a password yet
        before = await written(one)
        sentence = f"^{ANN} is the last administrator who can sign in; make another one first.$"
        with pytest.raises(Conflict, match=sentence):
            await staff.give_role(THIS_MACHINE, ANN, "operator")
        assert await written(one) == before
        assert (await staff.give_role(THIS_MACHINE, ANN, "admin")).role == "admin"  # as before
        await door.use(link, "", "a hash")
        await staff.give_role(THIS_MACHINE, ANN, "operator")
        with pytest.raises(Conflict):
            await staff.give_role(THIS_MACHINE, BOB, "viewer")
        assert await roles(one) == [(ANN, "operator"), (BOB, "admin")]


async def test_an_invitation_with_the_wrong_role_is_taken_back_while_another_administrator_is_there(
    site: Opener,
) -> None:
    async with site(devices=()) as one:
        staff, _ = parts(one)
        await staff.invite(THIS_MACHINE, ANN, "admin")
        with pytest.raises(Conflict):
            await staff.give_role(THIS_MACHINE, ANN, "viewer")
        await staff.invite(THIS_MACHINE, BOB, "admin")
        await staff.give_role(THIS_MACHINE, ANN, "viewer")
        assert await roles(one) == [(ANN, "viewer"), (BOB, "admin")]


async def test_what_is_no_role_is_refused(site: Opener) -> None:
    async with site(devices=()) as one:
        staff, _ = parts(one)
        await staff.invite(THIS_MACHINE, ANN, "viewer")
        with pytest.raises(BadInput, match="A role is one of viewer, operator, admin"):
            await staff.give_role(THIS_MACHINE, ANN, "boss")
        with pytest.raises(BoardwalkError, match="boardwalk user role gives another role"):
            await staff.invite(THIS_MACHINE, ANN, "operator")
        assert await roles(one) == [(ANN, "viewer")]
