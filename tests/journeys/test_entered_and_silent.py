"""Who comes into a ranking's top, and which devices fall silent: a letter each, and what `rules try` says of it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.app import Edge, running
from server.rights import THIS_MACHINE
from server.rules import silence as silence_rule
from server.settings import EdgeSection, HttpSection, MailSection, MqttSection, Rule, Settings, phrases
from server.watch import silence as silence_watch
from tests.edge_process import EdgeProcess, edge_process
from tests.hostile.honest import Client
from tests.journeys.test_commands import boardwalk
from tests.patience import patience
from tools.children import free_port

TOML = """
[mail]
customer_address = "customer-{customer}@shop.example"

[[rule]]
name = "podium"
entered = "top-2 of orders"
to = "customer"

[[rule]]
name = "best-till"
entered = "top-1 of tills"
to = "ann@shop.example"

[[rule]]
name = "outage"
silent = "15m"
to = "ann@shop.example"

[[ranking]]
name = "orders"
kinds = ["order.placed"]
minus = ["order.cancelled"]

[[ranking]]
name = "tills"
kinds = ["order.placed"]
key = "device"
"""
PODIUM = (
    "Dear customer b,\n\nyou came into the top 2 of orders: number 1, with a score of 2. Thank you.\n\nshop\n"
)


async def tried(edge: EdgeProcess, event: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (edge.folder / "event.json").write_text(json.dumps(event))
    config = ("--config", str(edge.folder / "boardwalk.toml"))
    code, out, err = await boardwalk(edge, *config, "rules", "try", str(edge.folder / "event.json"), "--json")
    assert code == 0, err
    return {row["rule"]: row for row in json.loads(out)}


async def entries(edge: EdgeProcess) -> list[tuple[str, str, int]]:
    """Rule, key and rank of each entry's mail that was sent, in their order."""
    async with patience():
        while True:
            page = await edge.ask("GET", "/api/v1/mails")
            if page["counts"]["sent"] == len(page["rows"]):
                break
            await asyncio.sleep(0.1)
    rows = reversed(page["rows"])
    return [(row["recipient"], row["facts"]["key"], row["facts"]["rank"]) for row in rows]


def placed(customer: str, number: int, kind: str = "order.placed") -> dict[str, Any]:
    return {"kind": kind, "customer": customer, "id": f"{customer}-{number}"}


async def test_each_entry_is_one_letter_over_duplicates_corrections_and_restarts(tmp_path: Path) -> None:
    async with edge_process(tmp_path, toml=TOML) as edge:
        await edge.ask(
            "POST", "/api/v1/events", [placed("a", 1), placed("a", 2), placed("b", 1), placed("c", 1)]
        )
        till = next(
            row["facts"]["key"]
            for row in (await edge.ask("GET", "/api/v1/mails"))["rows"]
            if row["rule"] == "best-till"
        )
        wanted = [
            ("customer-a@shop.example", "a", 1), ("ann@shop.example", till, 1), ("customer-b@shop.example", "b", 2),
        ]  # fmt: skip
        assert sorted(await entries(edge)) == sorted(wanted)
        await edge.kill()
        await edge.start()
        await edge.ask("POST", "/api/v1/events", [placed("a", 1), placed("b", 1)])  # again: nothing enters
        await edge.ask(
            "POST", "/api/v1/events", [placed("b", 2, "order.cancelled")]
        )  # so c is in, by b's correction
        wanted.append(("customer-c@shop.example", "c", 2))
        assert sorted(await entries(edge)) == sorted(wanted)
        await edge.ask("POST", "/api/v1/events", [placed("b", 3), placed("b", 4)])  # and b again, before c
        wanted.append(("customer-b@shop.example", "b", 2))
        assert sorted(await entries(edge)) == sorted(wanted)


async def test_rules_try_says_who_would_enter_the_rankings_of_the_edge_that_runs(tmp_path: Path) -> None:
    edge = EdgeProcess(tmp_path, toml=TOML)
    (tmp_path / "boardwalk.toml").write_text(TOML)
    rows = await tried(edge, {"kind": "order.placed", "customer": "b"})
    assert [row["matches"] for row in rows.values()] == [None, None, False]
    assert rows["podium"]["reason"] == (
        "the edge does not run, and only it knows how ranking orders stands; start it with boardwalk run"
    )
    assert not edge.data.exists()
    await edge.start()
    try:
        await edge.ask(
            "POST", "/api/v1/events", [placed("a", 1), placed("c", 1), placed("c", 2), placed("b", 1)]
        )
        rows = await tried(edge, {"kind": "order.placed", "customer": "b"})
        assert rows["podium"] == {
            "rule": "podium", "matches": True, "reason": None, "number": None,
            "notes": [
                "as ranking orders of the edge that runs stands now", "b would be number 1, with a score of 2",
                "an address that an earlier event of the customer told would be taken instead",
            ],
            "mails": [{
                "recipient": "customer-b@shop.example", "wrong": "", "subject": "You are number 1 of orders", "text": PODIUM, "error": None,
            }],
        }  # fmt: skip
        assert rows["best-till"]["reason"] == "nobody would come into the top-1 of tills"
        assert rows["outage"]["reason"] == "it looks at devices that are not heard, not at events"
        rows = await tried(edge, {"kind": "order.cancelled", "customer": "a"})
        assert [mail["recipient"] for mail in rows["podium"]["mails"]] == ["customer-b@shop.example"]
        assert rows["best-till"]["reason"] == "ranking tills does not count order.cancelled"
        rows = await tried(edge, {"kind": "order.placed", "customer": "d"})
        assert (rows["podium"]["matches"], rows["podium"]["notes"][1]) == (
            False, "assuming a score of 0 for d, which is not listed there",
        )  # fmt: skip
        assert len((await edge.ask("GET", "/api/v1/events"))["rows"]) == 4
        await edge.ask("POST", "/api/v1/events", [placed(one, 1) for one in (*"aaabbb", "..")])
        rows = await tried(
            edge, {"kind": "order.placed", "customer": ".."}
        )  # a part of the path to HTTP clients
        assert rows["podium"]["notes"] == ["as ranking orders of the edge that runs stands now"]
    finally:
        await edge.stop()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute of rules takes a second."""
    monkeypatch.setitem(phrases.UNITS_MS, "m", 1000)
    monkeypatch.setattr(silence_rule, "GATHER_MS", 1000)
    monkeypatch.setattr(silence_watch, "LOOK_S", 0.1)


def shop(folder: Path, *rules: Rule) -> Settings:
    return Settings(
        edge=EdgeSection(data=str(folder)), mqtt=MqttSection(listen=f"127.0.0.1:{free_port()}"),
        http=HttpSection(listen=f"127.0.0.1:{free_port()}"), mail=MailSection(staff=("ann@shop.example",)), rule=rules,
    )  # fmt: skip


async def mailbox(edge: Edge, count: int) -> list[tuple[str, str]]:
    """Subject and text of what the local mailbox has, once there are so many."""
    async with patience():
        while True:
            rows = await edge.core.database.read(
                lambda store: store.execute("SELECT subject, text FROM mailbox ORDER BY id").fetchall()
            )
            if len(rows) >= count:
                return rows
            await asyncio.sleep(0.05)


@pytest.fixture
def speak() -> Iterator[Callable[[Edge, str, str], None]]:
    """Let a device publish an event."""
    clients: dict[str, Client] = {}

    def publish(edge: Edge, name: str, secret: str) -> None:
        assert edge.broker is not None
        if name not in clients:
            clients[name] = Client(edge.broker.port, name, secret)
        clients[name].paho.publish(f"bw1/shop/{name}/json", b'{"kind": "door.opened"}', 1)

    yield publish
    for client in clients.values():
        client.__exit__()


async def test_devices_that_fall_silent_together_are_one_letter(
    tmp_path: Path, hasty: None, speak: Callable[[Edge, str, str], None]
) -> None:
    rule = Rule(name="outage", silent="2m", to="staff")
    async with running(shop(tmp_path, rule)) as edge:
        names = ("till-1", "till-2", "till-3")
        secrets = [(await edge.core.registrar.add(THIS_MACHINE, name)).secret for name in names]
        for name, secret in zip(names, secrets, strict=True):
            speak(edge, name, secret)
        ((subject, text),) = await mailbox(edge, 1)
        assert subject == "3 devices are silent"
        assert [line.split(",")[0] for line in text.splitlines() if ", last heard 20" in line] == [
            "till-1",
            "till-2",
            "till-3",
        ]
        assert "each for 2m or longer" in text
        speak(edge, "till-2", "")
        rows = await mailbox(edge, 2)
        assert rows[1][0] == "till-2 is silent"
    async with running(shop(tmp_path, rule)) as edge:
        await asyncio.sleep(4)
        assert len(await mailbox(edge, 2)) == 2
