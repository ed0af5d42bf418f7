"""Commands to devices over the HTTP interface: who may, what is answered, and what is written down."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from firmware.wire import command
from server.clock import milliseconds
from server.devices.commands import MOST, NewCommand
from server.rights import THIS_MACHINE
from tests.patience import patience
from tests.web.shop import Client, Shop

PATH = "/api/v1/devices/till-1/commands"
HERE = b'{"online":true,"boot":3,"firmware":"0.1.0"}'


@pytest.fixture
async def auth(shop: Shop) -> dict[str, str]:
    """An administrator's, of a shop with a board that is here."""
    await shop.core.registrar.add(THIS_MACHINE, "till-1")
    shop.core.presence.told("till-1", HERE, milliseconds())
    return {"Authorization": f"Bearer {await shop.token('admin', name='office')}"}


async def sent(shop: Shop, count: int = 1) -> list[command.Command]:
    """The commands that went out, once there are so many."""
    async with patience():
        while len(shop.sent) < count:
            await asyncio.sleep(0.01)
    assert {topic for topic, _ in shop.sent} == {"bw1/shop/till-1/cmd"}
    return [command.decode(payload) for _, payload in shop.sent]


async def post(program: aiohttp.ClientSession, auth: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
    async with program.post(PATH, json=body, headers=auth) as answer:
        return answer.status, await answer.json()


async def test_what_a_board_answers_is_the_answer(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    before = milliseconds()
    asked = asyncio.create_task(post(program, auth, {"command": "identify", "arguments": {"seconds": 9}}))
    (told,) = await sent(shop)
    assert (told.name, told.arguments, told.wrong) == ("identify", {"seconds": 9}, None)
    assert before + 10_000 <= told.until <= milliseconds() + 10_000
    shop.mqtt.told("till-1", command.done("another", {}))  # nobody waits for it
    shop.mqtt.told("till-2", command.done(told.id, {"seconds": 0}))  # it was not asked
    shop.mqtt.told("till-1", command.done(told.id, {"seconds": 9}))
    shop.mqtt.told("till-1", command.done(told.id, {"seconds": 0}))  # again
    assert await asked == (200, {
        "id": told.id, "device": "till-1", "command": "identify", "state": "done",
        "result": {"seconds": 9}, "error": None, "text": "",
    })  # fmt: skip


async def test_a_refusal_of_the_board_is_an_answer_too(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    asked = asyncio.create_task(post(program, auth, {"command": "restart"}))
    (told,) = await sent(shop)
    shop.mqtt.told("till-1", command.refused(told.id, command.LATE, "it came too late"))
    status, answer = await asked
    assert (status, answer["state"], answer["result"]) == (200, "refused", None)
    assert (answer["error"], answer["text"]) == ("late", "it came too late")


async def test_a_board_that_does_not_answer_until_the_deadline_is_unanswered(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    status, answer = await post(program, auth, {"command": "restart", "within_s": 1})
    assert (status, answer["state"]) == (200, "unanswered")
    assert answer["text"] == "till-1 did not answer within 1 s; it may have done it all the same."
    (told,) = await sent(shop)
    shop.mqtt.told("till-1", command.done(told.id, {}))  # too late for anybody


async def test_a_board_that_comes_back_is_told_again(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    asked = asyncio.create_task(post(program, auth, {"command": "restart"}))
    await sent(shop)
    shop.mqtt.returned("till-2")
    shop.mqtt.returned("till-1")
    first, second = await sent(shop, 2)
    assert first.id == second.id
    shop.mqtt.told("till-1", command.done(first.id, {}))
    shop.mqtt.returned("till-1")
    assert (await asked)[1]["state"] == "done"
    assert len(shop.sent) == 2


async def test_devices_that_are_unknown_revoked_or_offline_are_told_at_once(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    body = {"command": "restart"}
    shop.core.presence.told("till-1", b'{"online":false}', milliseconds())
    status, answer = await post(program, auth, body)
    assert (status, answer["detail"]) == (409, "till-1 is offline; try again when it is back.")
    shop.core.presence.told("till-1", HERE, milliseconds())
    await shop.core.registrar.revoke(THIS_MACHINE, "till-1")
    status, answer = await post(program, auth, body)
    assert (status, answer["detail"]) == (404, "till-1 is revoked, so it takes no commands.")
    async with program.post(PATH.replace("till-1", "till-9"), json=body, headers=auth) as unknown:
        assert unknown.status == 404
    assert shop.sent == []
    assert [row["action"] for row in await audited(program, auth)] == []


@pytest.mark.parametrize("body, field", [
    ({}, ""), ({"command": 7}, "command"), ({"command": "Do it"}, "command"), ({"command": ""}, "command"),
    ({"command": "log", "arguments": []}, "arguments"), ({"command": "log", "within_s": 0}, "within_s"),
    ({"command": "log", "within_s": 61}, "within_s"), ({"command": "log", "within_s": 1.5}, "within_s"),
    ({"command": "log", "arguments": {"x": "y" * 500}}, "command"), ({"command": "log", "then": 1}, ""),
])  # fmt: skip
async def test_what_no_board_takes_is_refused_before_it_is_sent(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], body: dict[str, Any], field: str
) -> None:
    status, answer = await post(program, auth, body)
    assert (status, answer["type"], answer.get("field", "")) == (422, "/problems/bad-input", field)
    assert shop.sent == []


async def test_arguments_that_are_nested_without_end_are_refused(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    for depth in (400, *range(850, 1000, 3), 5000, 100_000):  # from some depth on, one of them gives up
        data = b'{"command":"log","arguments":{"a":' + b"[" * depth + b"]" * depth + b"}}"
        headers = auth | {"Content-Type": "application/json"}
        assert (await program.post(PATH, data=data, headers=headers)).status == 422


async def test_no_more_wait_than_memory_is_for(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    waiting = [
        asyncio.create_task(shop.mqtt.send(THIS_MACHINE, "till-1", NewCommand("log", {}, 60)))
        for _ in range(MOST)
    ]
    await sent(shop, MOST)
    status, answer = await post(program, auth, {"command": "log"})
    assert (status, answer["detail"].split()[0]) == (409, str(MOST))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    asked = asyncio.create_task(post(program, auth, {"command": "log"}))
    told = (await sent(shop, MOST + 1))[-1]
    shop.mqtt.told("till-1", command.done(told.id, {}))
    assert (await asked)[0] == 200


async def audited(program: aiohttp.ClientSession, auth: dict[str, str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await (await program.get("/api/v1/audit", headers=auth)).json())["rows"]
    return [
        row
        for row in rows
        if row["detail"] == "till-1" and row["action"] not in ("device added", "device revoked")
    ]


async def test_what_acts_is_written_down_and_what_reads_is_not(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    for name in ("log", "identify", "status"):
        await post(program, auth, {"command": name, "within_s": 1})
    rows = await audited(program, auth)
    assert [(row["actor"], row["action"]) for row in rows] == [("token office", "device identify")]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 409), ("admin", 409)])
async def test_operators_may_command_and_viewers_may_not(
    shop: Shop, browser: Client, role: str, status: int
) -> None:
    await shop.core.registrar.add(THIS_MACHINE, "till-1")  # which is offline
    await shop.person(role)
    await browser.sign_in()
    answer = await browser.call("POST", PATH, json={"command": "identify"})
    assert answer.status == status


async def test_tokens_need_the_scope_admin(shop: Shop, program: aiohttp.ClientSession) -> None:
    token = await shop.token("read", "ingest")
    assert (await post(program, {"Authorization": f"Bearer {token}"}, {"command": "identify"}))[0] == 403


async def test_one_device_is_told_with_its_facts(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    one = await program.get("/api/v1/devices/till-1", headers=auth)
    told = json.loads(await one.text())
    assert (one.status, told["name"], told["online"], told["state"]["boot"]) == (200, "till-1", True, 3)
    assert (await program.get("/api/v1/devices/till-2", headers=auth)).status == 404
