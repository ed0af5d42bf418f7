"""Every command works beside a running server and without one, and takes effect at once."""

import asyncio
import csv
import io
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from tests.edge_process import EdgeProcess, edge_process
from tests.mqtt.test_broker import Client, until
from tests.patience import PATIENCE_S, patience
from tools.demo.local_cloud import KEYS, local_cloud


async def boardwalk(edge: EdgeProcess, *words: str, **more: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command with the edge's settings; `more` for its environment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.cli", *words, env=os.environ | edge.environ() | more,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("running", [True, False], ids=["beside a server", "without one"])
async def test_devices_are_added_listed_and_revoked(running: bool, tmp_path: Path) -> None:
    edge = EdgeProcess(tmp_path)
    await (edge.start() if running else edge.furnish())
    try:
        code, out, _ = await boardwalk(edge, "device", "add", "till-1", "--json")
        told = json.loads(out)
        assert code == 0
        assert {name: value for name, value in told.items() if name != "secret"} == {
            "device": "till-1", "username": "till-1", "host": "127.0.0.1", "port": edge.mqtt_port, "tls": False,
            "topic": "bw1/shop/till-1/json",
        }  # fmt: skip
        assert len(told["secret"]) >= 22
        code, _, err = await boardwalk(edge, "device", "add", "till-1")
        assert (code, err) == (
            1, "boardwalk: There is a device till-1 already; revoke it first, or choose another name.\n",
        )  # fmt: skip
        code, _, err = await boardwalk(edge, "device", "add", "Till 1")
        assert (code, err) == (1, "boardwalk: 'Till 1' cannot name a device: 1 to 32 of a-z, 0-9 and -.\n")
        code, out, _ = await boardwalk(edge, "device", "list", "--json")
        assert [(row["name"], row["online"]) for row in json.loads(out)] == [("till-1", False)]
        assert (await boardwalk(edge, "device", "revoke", "till-1"))[0] == 0
        code, _, err = await boardwalk(edge, "device", "revoke", "till-1")
        assert (code, err) == (1, "boardwalk: There is no device till-1 that could be revoked.\n")
    finally:
        if running:
            await edge.stop()


async def test_a_name_is_no_way_to_something_else(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        await boardwalk(edge, "device", "add", "till-1")
        for words in (
            ("token", "revoke", "../devices/till-1"), ("user", "remove", "../devices/till-1"),
            ("device", "revoke", "x/../till-1"), ("device", "revoke", "till-1?a=b"), ("device", "revoke", ".."),
        ):  # fmt: skip
            code, out, err = await boardwalk(edge, *words)
            assert (code, out, err.count("\n")) == (1, "", 1), words
        _, out, _ = await boardwalk(edge, "device", "show", "till-1", "--json")
        assert json.loads(out)["revoked_at"] is None


async def test_names_of_devices_complete_on_tab(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        await boardwalk(edge, "device", "add", "till-1")
        await boardwalk(edge, "device", "add", "lamp-1")
        tab = {"_BOARDWALK_COMPLETE": "bash_complete", "COMP_CWORD": "3"}
        for line, found in (
            ("boardwalk device show t", ["plain,till-1"]),
            ("boardwalk monitor --device l", ["plain,lamp-1"]),
            ("boardwalk device revoke x", []),
        ):
            code, out, err = await boardwalk(edge, COMP_WORDS=line, **tab)
            assert (code, out.split(), err) == (0, found, "")
    code, out, err = await boardwalk(edge, COMP_WORDS="boardwalk device show t", **tab)  # no edge runs
    assert (code, out.split(), err) == (0, [], "")


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("frobnicate", "No such command 'frobnicate'. See boardwalk --help."),
        ("--frobnicate", "No such option '--frobnicate'. See boardwalk --help."),
        ("flash /dev/ttyACM0", "Missing option '--name'. See boardwalk flash --help."),
        ("demo --boards x", "Invalid value for '--boards': 'x' is not a valid integer range. See boardwalk demo --help."),
    ],
)  # fmt: skip
async def test_wrong_words_are_one_sentence(words: str, sentence: str, tmp_path: Path) -> None:
    code, out, err = await boardwalk(EdgeProcess(tmp_path), *words.split())
    assert (code, out, err) == (1, "", f"boardwalk: {sentence}\n")


async def test_an_edge_that_ends_before_it_answers_is_one_sentence(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        told = await edge.ask("POST", "/api/v1/devices", {"name": "till-1"})
        mute = Client(edge.mqtt_port, "till-1", told["secret"])
        mute.subscribe("bw1/shop/till-1/cmd")
        mute.publish("bw1/shop/till-1/state", b'{"online":true}')
        async with patience():
            while not (await edge.ask("GET", "/api/v1/devices/till-1"))["online"]:
                await asyncio.sleep(0.01)
        asking = asyncio.create_task(boardwalk(edge, "device", "identify", "till-1"))
        await until(lambda: mute.got)
        await edge.kill()
        code, out, err = await asking
        sentence = "The edge ended before it answered; start it with boardwalk run and try again."
        assert (code, out, err) == (1, "", f"boardwalk: {sentence}\n")


async def test_a_token_posts_events_until_it_is_revoked(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        _, out, _ = await boardwalk(edge, "token", "add", "website", "--scope", "ingest", "--json")
        bearer = {"Authorization": f"Bearer {json.loads(out)['token']}"}
        body = [{"kind": "order.placed", "id": "1", "customer": "14048"}, {"kind": "Bad"}]
        async with aiohttp.ClientSession(headers=bearer) as session:
            async with session.post(f"{edge.url}/api/v1/events", json=body) as told:
                assert told.status == 200
                answer = await told.json()
            assert (answer["accepted"], answer["duplicate"]) == (1, 0)
            assert [one["index"] for one in answer["rejected"]] == [1]
            async with session.get(f"{edge.url}/api/v1/events") as told:
                assert told.status == 403
            await boardwalk(edge, "token", "revoke", "website")
            async with session.post(f"{edge.url}/api/v1/events", json=body) as told:
                assert told.status == 401
        page = await edge.ask("GET", "/api/v1/events?limit=10")
        assert [(row["device"], row["kind"], row["customer"]) for row in page["rows"]] == [
            ("http-website", "order.placed", "14048")
        ]


async def test_a_person_is_invited_and_removed(tmp_path: Path) -> None:
    edge = EdgeProcess(tmp_path)
    await edge.furnish()
    code, out, _ = await boardwalk(edge, "user", "add", "ann@shop.example", "--role", "operator")
    assert code == 0
    assert "/welcome/" in out
    _, out, _ = await boardwalk(edge, "user", "list", "--json")
    assert [(row["email"], row["role"]) for row in json.loads(out)] == [("ann@shop.example", "operator")]
    assert (await boardwalk(edge, "user", "remove", "ann@shop.example"))[0] == 0
    _, out, _ = await boardwalk(edge, "user", "list", "--json")
    assert json.loads(out) == []


@pytest.mark.parametrize("running", [True, False], ids=["beside a server", "without one"])
async def test_events_are_printed_as_lines_and_as_tables(running: bool, tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        body = [{"kind": "a", "customer": "=1"}, *[{"kind": "b", "note": "Hi"}] * 1500]
        for begin in (0, 1000):
            await edge.ask("POST", "/api/v1/events", body[begin : begin + 1000])
        if not running:
            await edge.stop()
        code, out, err = await boardwalk(edge, "events", "--jsonl")
        rows = [json.loads(line) for line in out.splitlines()]
        assert (code, err, [row["id"] for row in rows]) == (0, "", list(range(1, 1502)))
        words = ("events", "--since", "1970-01-02", "--customer", "=1", "--csv")
        (row,) = csv.DictReader(io.StringIO((await boardwalk(edge, *words))[1].removeprefix("\ufeff")))
        assert (row["id"], row["device"], row["customer"], row["fields"]) == ("1", "http-local", "'=1", "{}")
        _, out, _ = await boardwalk(edge, "events", "--text", "hi", "--newest", "--limit", "2")
        assert [line.split("/")[1] for line in out.splitlines()] == ["1501 b - note=Hi", "1500 b - note=Hi"]
        code, _, err = await boardwalk(edge, "events", "--until", "soon")
        assert (code, err) == (
            1, "boardwalk: --until is a time as 2026-11-22, 2026-11-22T14:00 or ms since 1970, not 'soon'.\n",
        )  # fmt: skip


async def test_cloud_events_without_a_cloud_says_what_to_set(tmp_path: Path) -> None:
    code, _, err = await boardwalk(EdgeProcess(tmp_path), "cloud", "events")
    assert (code, err) == (
        1, "boardwalk: The cloud is off; set [cloud] mode to aws, and table and region with it.\n",
    )  # fmt: skip


async def test_help_is_short_and_plain_in_a_pipe(tmp_path: Path) -> None:
    code, out, _ = await boardwalk(EdgeProcess(tmp_path), "--help")
    assert code == 0
    assert all(name in out for name in ("run", "demo", "device", "token", "user", "cloud"))
    assert "\x1b" not in out


async def test_what_an_edge_sent_to_the_cloud_is_read_back_by_a_command(tmp_path: Path) -> None:
    async with local_cloud(tmp_path) as address:
        more = {
            **KEYS, "BOARDWALK_CLOUD_MODE": "aws", "BOARDWALK_CLOUD_ENDPOINT_URL": address,
            "BOARDWALK_CLOUD_SEAL_AFTER_S": "1",
        }  # fmt: skip
        edge = EdgeProcess(tmp_path, more=more)
        code, _, err = await boardwalk(edge, "cloud", "init")
        assert (code, err) == (0, "Table boardwalk is made.\n")
        await edge.start()
        try:
            body = [{"kind": "order.placed", "customer": name, "cents": 5} for name in ("a", "b")]
            await edge.ask("POST", "/api/v1/events", body)
            async with patience():
                while (state := await edge.ask("GET", "/api/v1/sync"))["waiting"] or not state[
                    "last_sent_at"
                ]:
                    await asyncio.sleep(0.2)
            code, out, _ = await boardwalk(edge, "cloud", "events", "--customer", "b", "--json")
            (told,) = [json.loads(line) for line in out.splitlines()]
            assert (code, told["kind"], told["customer"], told["fields"]) == (
                0,
                "order.placed",
                "b",
                {"cents": 5},
            )
        finally:
            await edge.stop()


async def test_mails_are_listed_sent_and_dropped_by_hand(tmp_path: Path) -> None:
    """U2, U16: mails that are failed or held were so for good."""
    async with edge_process(tmp_path) as edge:
        pass  # it made the store
    assert await boardwalk(edge, "mail", "list") == (0, "", "None yet.\n")
    with closing(sqlite3.connect(edge.data / "boardwalk.db")) as store, store:
        store.executemany(
            "INSERT INTO mail (rule, key, recipient, state, template, policy, facts, created_at, not_before_at, "
            "changed_at) "
            "VALUES ('tenth-order', ?, 'ann@shop.example', ?, 'thanks', 'at_most_once', '{}', 0, 0, 0)",
            [("a", "held"), ("b", "held"), ("c", "failed"), ("d", "sent")],
        )
    code, out, _ = await boardwalk(edge, "mail", "list", "--state", "held", "--json")
    assert (code, [row["id"] for row in json.loads(out)]) == (0, [2, 1])
    assert await boardwalk(edge, "mail", "drop", "1") == (0, "", "1 mail is dropped.\n")
    assert await boardwalk(edge, "mail", "send", "--all", "failed") == (0, "", "2 mails are sent now.\n")
    code, _, err = await boardwalk(edge, "mail", "send", "4")
    assert (code, err) == (
        1, "boardwalk: Mail 4 is sent; only one that is held or failed or unknown can be sent by hand.\n",
    )  # fmt: skip
    code, _, err = await boardwalk(edge, "mail", "send")
    assert (code, "give the IDs of mails" in err) == (1, True)


async def test_what_was_refused_is_listed_with_its_reason(tmp_path: Path) -> None:
    """U3: refusals were stored, and no command showed them."""
    async with edge_process(tmp_path) as edge:
        assert await boardwalk(edge, "rejects") == (0, "", "None yet.\n")
        told = await edge.ask("POST", "/api/v1/tokens", {"name": "shop", "scopes": ["ingest"]})
        headers = {"Authorization": f"Bearer {told['token']}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            answer = await session.post(f"{edge.url}/api/v1/events", json=[{"kind": "Order"}])
            assert answer.status == 422
        code, out, _ = await boardwalk(edge, "rejects", "--source", "http-shop")
        assert code == 0 and "http-shop" in out and "Order is no kind" in out and '{"kind":"Order"}' in out
        assert await boardwalk(edge, "rejects", "--source", "nobody") == (0, "", "None yet.\n")
        assert edge.log.count("refused of http-shop: kind: Order is no kind") == 1
