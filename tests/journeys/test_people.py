"""People who lost their link, forgot their password or change their work: one command each."""

import json
from pathlib import Path

import aiohttp
import pytest

from tests.edge_process import EdgeProcess, edge_process
from tests.journeys.test_commands import boardwalk

ANN, BOB = "ann@shop.example", "bob@shop.example"


async def status(edge: EdgeProcess, link: str) -> int:
    """What a link answers, without using it up."""
    path = link.strip().partition("/welcome/")[2]
    async with aiohttp.ClientSession() as session, session.get(f"{edge.url}/welcome/{path}") as told:
        return told.status


@pytest.mark.parametrize("running", [True, False], ids=["beside a server", "without one"])
async def test_somebody_who_lost_the_link_gets_another_one(running: bool, tmp_path: Path) -> None:
    """U20: `user add` asked for the same role again."""
    async with edge_process(tmp_path) as edge:
        _, lost, _ = await boardwalk(edge, "user", "add", ANN, "--role", "operator")
        assert await status(edge, lost) == 200
        if not running:
            await edge.stop()
        code, link, err = await boardwalk(edge, "user", "link", "Ann@shop.example")
        assert (code, link.count("/welcome/"), link.count("\n"), err) == (0, 1, 1, "")
        code, out, err = await boardwalk(edge, "user", "link", ANN, "--json")
        told = json.loads(out)
        assert (code, told["email"], told["role"], err) == (0, ANN, "operator", "")
        if not running:
            await edge.start()
        assert [await status(edge, one) for one in (lost, link, told["link"])] == [410, 410, 200]


async def test_a_role_is_changed_in_place(tmp_path: Path) -> None:
    """U20: the person had to be removed and invited again."""
    async with edge_process(tmp_path) as edge:
        await boardwalk(edge, "user", "add", ANN)
        assert await boardwalk(edge, "user", "role", ANN, "operator") == (0, "", f"{ANN} is operator.\n")
        code, out, err = await boardwalk(edge, "user", "role", ANN, "admin", "--json")
        told = json.loads(out)
        assert (code, told["email"], told["role"], told["invited"], err) == (0, ANN, "admin", True, "")
        code, out, err = await boardwalk(edge, "user", "role", ANN, "viewer")
        sentence = f"{ANN} is the last administrator who can sign in; make another one first."
        assert (code, out, err) == (1, "", f"boardwalk: {sentence}\n")
        acts = (await edge.ask("GET", "/api/v1/audit"))["rows"]
        assert [one["detail"] for one in acts if one["action"] == "user role given"] == [
            f"{ANN} (admin)", f"{ANN} (operator)",
        ]  # fmt: skip


async def test_an_address_that_is_not_known_is_one_sentence_with_the_cure(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        for words in (("link", BOB), ("role", BOB, "viewer")):
            told = await boardwalk(edge, "user", *words)
            sentence = f"Nobody signs in as {BOB}; boardwalk user add invites somebody."
            assert told == (1, "", f"boardwalk: {sentence}\n")
        code, out, err = await boardwalk(edge, "user", "role", BOB, "boss")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "'viewer', 'operator', 'admin'" in err
        await boardwalk(edge, "user", "add", ANN)
        code, out, err = await boardwalk(edge, "user", "add", ANN, "--role", "admin")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "boardwalk user role" in err and "boardwalk user link" in err
        assert (await edge.ask("GET", "/api/v1/users"))["rows"][0]["role"] == "viewer"


async def test_addresses_and_roles_complete_on_tab(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        for email in (ANN, BOB):
            await boardwalk(edge, "user", "add", email)
        for line, found in (
            ("boardwalk user link a", [f"plain,{ANN}"]),
            ("boardwalk user remove b", [f"plain,{BOB}"]),
            ("boardwalk user role ann op", ["plain,operator"]),
        ):
            tab = {"_BOARDWALK_COMPLETE": "bash_complete", "COMP_CWORD": str(line.count(" "))}
            code, out, err = await boardwalk(edge, COMP_WORDS=line, **tab)
            assert (code, out.split(), err) == (0, found, "")


async def test_the_page_of_a_used_link_names_the_command(tmp_path: Path) -> None:
    """U20: the page suggested to invite the person anew, as a viewer."""
    async with (
        edge_process(tmp_path) as edge,
        aiohttp.ClientSession() as session,
        session.get(f"{edge.url}/welcome/none") as told,
    ):
        assert (told.status, "boardwalk user link " in await told.text()) == (410, True)
