"""What becomes of mails by somebody's decision (U2, U16)."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from server.store import audit
from server.store.mail import STATES
from tests.web.shop import Shop

PATH = "/api/v1/mails"
ROWS = [(state, "ann@shop.example") for state in STATES] + [("failed", "")]


@pytest.fixture
async def mails(shop: Shop) -> dict[str, int]:
    """A mail in each state; by state (`nobody` for one without an address): its id."""

    def fill(connection: Any) -> dict[str, int]:
        ids = {}
        for state, recipient in ROWS:
            row = connection.execute(
                "INSERT INTO mail (rule, key, recipient, state, template, policy, facts, attempt, created_at, "
                "not_before_at, changed_at) VALUES ('r', ?, ?, ?, 'thanks', 'at_most_once', '{}', 4, 0, 9, 0) "
                "RETURNING id",
                (state, recipient, state),
            )  # fmt: skip
            ids[state if recipient else "nobody"] = row.fetchone()[0]
        return ids

    return await shop.database.write(fill)


async def states(shop: Shop) -> dict[int, tuple[str, int]]:
    """By id: the state, and how many sends were begun."""
    rows = await shop.database.read(lambda c: c.execute("SELECT id, state, attempt FROM mail").fetchall())
    return {number: (state, attempt) for number, state, attempt in rows}


async def post(program: aiohttp.ClientSession, token: str, what: str, body: object) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with program.post(f"{PATH}/{what}", json=body, headers=headers) as answer:
        return answer.status, json.loads(await answer.text())


@pytest.mark.parametrize(("what", "to"), [("send", "pending"), ("drop", "failed")])
async def test_one_mail_is_decided_where_that_is_possible_and_nothing_changes_elsewhere(
    shop: Shop, program: aiohttp.ClientSession, mails: dict[str, int], what: str, to: str
) -> None:
    """U2, U16: failed and held mails were so for good."""
    token = await shop.token("admin")
    possible = {"send": {"held", "failed", "unknown"}, "drop": {"held", "pending", "unknown"}}[what]
    for name, number in mails.items():
        before = await states(shop)
        status, told = await post(program, token, what, {"ids": [number]})
        if name in possible:
            assert (status, told) == (200, {"changed": 1})
            assert await states(shop) == before | {number: (to, 0)}
        else:
            assert (status, f"Mail {number} " in told["detail"]) == (409, True), told
            assert await states(shop) == before


async def test_all_of_a_state_are_sent_and_one_that_is_not_possible_changes_none(
    shop: Shop, program: aiohttp.ClientSession, mails: dict[str, int]
) -> None:
    token = await shop.token("admin")
    before = await states(shop)
    assert (await post(program, token, "send", {"ids": [mails["held"], mails["sent"]]}))[0] == 409
    assert (await post(program, token, "send", {"ids": [mails["held"], 99]}))[0] == 404
    assert await states(shop) == before
    assert await post(program, token, "send", {"state": "failed"}) == (200, {"changed": 1})  # not to nobody
    assert await post(program, token, "send", {"state": "held"}) == (200, {"changed": 1})
    assert await post(program, token, "send", {"state": "sent"}) == (200, {"changed": 0})
    for body in ({}, {"ids": [1], "state": "held"}):
        assert (await post(program, token, "drop", body))[0] == 422
    written = await shop.database.read(audit.page, None, 10)
    assert {entry.detail for entry in written if entry.action == "mails sent by hand"} >= {
        "all failed",
        "all held",
    }


async def test_who_may_only_read_decides_nothing(
    shop: Shop, program: aiohttp.ClientSession, mails: dict[str, int]
) -> None:
    before = await states(shop)
    assert (await post(program, await shop.token("read"), "send", {"state": "held"}))[0] == 403
    assert await states(shop) == before


async def test_mails_are_found_by_their_state(
    shop: Shop, program: aiohttp.ClientSession, mails: dict[str, int]
) -> None:
    headers = {"Authorization": f"Bearer {await shop.token('read')}"}
    for state in STATES:
        async with program.get(f"{PATH}?state={state}", headers=headers) as answer:
            rows = json.loads(await answer.text())["rows"]
        wanted = {mails[state]} | ({mails["nobody"]} if state == "failed" else set())
        assert {row["id"] for row in rows} == wanted


async def test_two_who_decide_at_once_change_a_mail_once(
    shop: Shop, program: aiohttp.ClientSession, mails: dict[str, int]
) -> None:
    token = await shop.token("admin")
    told = await asyncio.gather(*(post(program, token, "send", {"ids": [mails["held"]]}) for _ in range(5)))
    assert sorted(status for status, _ in told) == [200, 409, 409, 409, 409]
