"""The fault matrix, where the wire, the broker or the edge suffers; each test names its row."""

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from firmware.mqtt import Client
from tests.faults.checker import read
from tests.faults.fault_site import Site, fault_site
from tests.faults.saboteur import OFFSET
from tests.firmware.test_mqtt import WiredBoard
from tests.patience import PATIENCE_S, patience


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site with two tills."""
    async with fault_site(tmp_path) as one:
        await one.add("till-1")
        await one.add("till-2", "pico")
        yield one


async def test_row_15_doubled_swapped_lost_and_late_messages_store_each_event_once(site: Site) -> None:
    faults = site.witness.faults
    faults.double, faults.swap, faults.lose, faults.delay_s = 0.3, 0.2, 0.1, 0.05
    await asyncio.gather(site.scan("till-1", 300, 0.002), site.scan("till-2", 300, 0.002))
    faults.swap = faults.lose = 0
    await site.must_be_right()


async def test_row_16_lost_acks_are_repeated(site: Site) -> None:
    site.witness.faults.lose_acks = 0.7
    await asyncio.gather(site.scan("till-1", 200, 0.005), site.scan("till-2", 200, 0.005))
    site.witness.faults.lose_acks = 0
    await site.must_be_right()


async def test_row_18_an_edge_that_does_not_read_loses_nothing(site: Site) -> None:
    assert site.edge.process is not None
    os.kill(site.edge.process.pid, signal.SIGSTOP)
    await asyncio.gather(site.scan("till-1", 800), site.scan("till-2", 800))
    os.kill(site.edge.process.pid, signal.SIGCONT)
    await site.must_be_right()


async def test_row_19_two_boards_with_one_credential_lose_nothing_of_either(
    site: Site, tmp_path: Path
) -> None:
    told = await site.edge.ask("POST", "/api/v1/devices", {"name": "twin"})
    reader = {"type": "serial", "uart": 1, "kind": "order.placed", "critical": True,
              "fields": ["customer", "quantity:int", "cents:int", "ordered_on"]}  # fmt: skip
    settings = {
        "site": "shop", "device": "twin", "secret": told["secret"], "host": "127.0.0.1",
        "port": site.witness.port, "inputs": [reader],
    }  # fmt: skip
    boards = [await site.fleet.up(name, settings) for name in ("one", "other")]
    for number, board in enumerate(boards):
        till_name = f"twin-{number}"
        site.boards[till_name] = board
        site.powered[till_name].set()
    first, second = await asyncio.gather(site.scan("twin-0", 60, 0.01), site.scan("twin-1", 60, 0.01))
    for till in (first, second):
        site.record.sent["twin"] += site.record.sent.pop(till.name)
        for epoch, seq, order in till.stored:
            del site.record.told[(till.name, epoch, seq)]
            site.record.told[("twin", epoch, seq)] = order
    assert len({epoch for _, epoch, _ in site.record.told}) == 2
    await site.must_be_right()


async def test_row_19_a_copied_flash_image_is_quarantined_with_an_alarm(site: Site, tmp_path: Path) -> None:
    await site.scan("till-1", 30)
    await site.settle()
    await site.off("till-1")
    boards = tmp_path / "boards"
    shutil.copy(boards / "till-1.img", boards / "clone.img")
    await site.on("till-1")
    await site.scan("till-1", 30)
    await site.settle()
    await site.off("till-1")
    secret = await _secret(site, "till-1")
    reader = {"type": "serial", "uart": 1, "kind": "order.placed", "critical": True,
              "fields": ["customer", "quantity:int", "cents:int", "ordered_on"]}  # fmt: skip
    settings = {
        "site": "shop", "device": "till-1", "secret": secret, "host": "127.0.0.1",
        "port": site.witness.port, "inputs": [reader],
    }  # fmt: skip
    site.boards["till-1"] = await site.fleet.up("clone", settings)
    before = dict(site.record.told)
    await site.scan("till-1", 10)
    async with patience():
        while not (await site.edge.ask("GET", "/api/v1/devices"))["rows"][0]["conflict_at"]:
            await asyncio.sleep(0.1)
    _, rejects, _ = await asyncio.to_thread(read, site.edge.data / "boardwalk.db")
    assert rejects
    site.record.told = before  # what the clone was told is under numbers of the first board
    await site.must_be_right()


async def _secret(site: Site, name: str) -> str:
    await site.edge.ask("DELETE", f"/api/v1/devices/{name}")
    return str((await site.edge.ask("POST", "/api/v1/devices", {"name": name}))["secret"])


@pytest.mark.parametrize("death", ["die_before_commit", "die_after_commit"])
async def test_rows_20_and_21_a_kill_around_the_commit_neither_loses_nor_doubles(
    death: str, tmp_path: Path
) -> None:
    async with fault_site(tmp_path, sabotage=(death, 6)) as site:
        await site.add("till-1")
        selling = asyncio.create_task(site.sell("till-1"))
        assert site.edge.process is not None
        for at in (1, 2, 9):
            assert await asyncio.wait_for(site.edge.process.wait(), PATIENCE_S) == -signal.SIGKILL
            async with patience():
                while site.edge.broker_pids():
                    await asyncio.sleep(0.01)
            site.edge.sabotage = (death, at)
            await site.edge.start(wait=False)
            if at == 9:
                site.edge.sabotage = None
        site.stopped = True
        await asyncio.wait([selling])
        if site.edge.process.returncode is None:
            await site.edge.kill()
        site.edge.sabotage = None
        async with patience():
            while site.edge.broker_pids():
                await asyncio.sleep(0.01)
        await site.edge.start()
        await site.must_be_right()


async def test_row_23_a_full_disk_refuses_cleanly_and_goes_on_without_a_restart(site: Site) -> None:
    assert site.edge.process is not None
    pid = site.edge.process.pid
    await asyncio.gather(site.scan("till-1", 50), site.scan("till-2", 50))
    await site.settle()
    before = (await site.edge.ask("GET", "/api/v1/rankings/orders?window=all&k=1000"))["rows"]
    size = max(path.stat().st_size for path in site.edge.data.glob("boardwalk.db*"))
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    await asyncio.gather(site.scan("till-1", 400), site.scan("till-2", 400))
    async with patience():
        while not await _full(site):
            await asyncio.sleep(0.1)
    rows, _, integrity = await asyncio.to_thread(read, site.edge.data / "boardwalk.db")
    assert integrity == "ok"
    now = (await site.edge.ask("GET", "/api/v1/rankings/orders?window=all&k=1000"))["rows"]
    assert sum(row["score"] for row in now) == sum(1 for row in rows if row.kind == "order.placed")
    assert sum(row["score"] for row in now) >= sum(row["score"] for row in before)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    await site.settle()
    async with patience():
        while await _full(site):
            await asyncio.sleep(0.1)
    assert site.edge.process.returncode is None
    await site.must_be_right()


async def _full(site: Site) -> bool:
    """Whether a post is refused for want of room."""
    import aiohttp

    from server.admin_socket import SOCKET

    connector = aiohttp.UnixConnector(str(site.edge.data / SOCKET))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post("http://edge/api/v1/events", json=[{"kind": "disk.tried"}]) as told,
    ):
        assert told.status in (200, 507), await told.text()
        return told.status == 507


async def test_row_26_a_server_clock_that_jumps_a_day_changes_no_order(tmp_path: Path) -> None:
    day = 86_400_000
    offset = tmp_path / "offset"
    offset.write_text("0")
    async with fault_site(tmp_path, sabotage=("clock_jumps", 0), more={OFFSET: str(offset)}) as site:
        await site.add("till-1")
        for jump in (0, day, 0, -day, 0):
            offset.write_text(str(jump))
            await site.scan("till-1", 30)
        await site.must_be_right()
        rows, _, _ = read(site.edge.data / "boardwalk.db")
        assert [row.order for row in rows if row.kind == "order.placed"] == site.record.sent["till-1"]


async def test_row_25_an_older_store_is_rewound_and_no_chunk_changes_and_no_mail_repeats(
    site: Site, tmp_path: Path
) -> None:
    await asyncio.gather(site.scan("till-1", 60), site.scan("till-2", 60))
    await site.settle()
    await site.edge.stop()
    backup = tmp_path / "backup"
    backup.mkdir()
    for path in site.edge.data.glob("boardwalk.db*"):
        shutil.copy(path, backup)
    await site.edge.start()
    await asyncio.gather(site.scan("till-1", 60), site.scan("till-2", 60))
    await site.settle()
    await site.edge.stop()
    lost_life = _life(site.edge.data)
    for path in site.edge.data.glob("boardwalk.db*"):
        path.unlink()
    for path in backup.glob("boardwalk.db*"):
        shutil.copy(path, site.edge.data)
    site.witness.acks.clear()
    await site.edge.start()
    assert "the store was set back" in site.edge.log
    await asyncio.gather(site.scan("till-1", 30), site.scan("till-2", 30))
    await site.must_be_right()
    new_life = _life(site.edge.data)
    assert new_life["generation"] != lost_life["generation"]
    sent_before = {key for key, state in lost_life["mails"].items() if state == "sent"}
    again = {key: state for key, state in new_life["mails"].items() if key in sent_before}
    kept = {key for key, state in _life(backup)["mails"].items() if state == "sent"}
    assert len(sent_before - kept) > 10
    assert {key for key, state in again.items() if state == "sent"} == kept & again.keys()
    assert {state for key, state in again.items() if key not in kept} == {"held"}


def _life(data: Path) -> dict[str, Any]:
    """The generation of a store, and the state of each mail."""
    connection = sqlite3.connect(data / "boardwalk.db")
    (generation,) = connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
    mails = dict(connection.execute("SELECT rule || key, state FROM mail").fetchall())
    connection.close()
    return {"generation": generation, "mails": mails}


@pytest.mark.parametrize("killed", [False, True], ids=["closed", "killed"])
async def test_row_24_a_damaged_store_is_refused_with_its_cure(killed: bool, site: Site) -> None:
    await asyncio.gather(site.scan("till-1", 300), site.scan("till-2", 300))
    await site.settle()
    await site.edge.stop()
    if killed:
        await site.edge.start()
        await site.edge.kill()
    path = site.edge.data / "boardwalk.db"
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = os.urandom(64)
    path.write_bytes(data)
    async with patience():
        while site.edge.broker_pids():
            await asyncio.sleep(0.01)
    await site.edge.start(wait=False)
    assert site.edge.process is not None
    assert await asyncio.wait_for(site.edge.process.wait(), PATIENCE_S) == 1
    said = site.edge.log.splitlines()[-1]
    assert said.startswith(f"boardwalk: The store {path} cannot be read (")
    assert said.endswith(
        "restore a backup, or move it away to begin anew: boards send again what they still hold."
    )
    assert path.exists()


async def test_row_14_seventy_thousand_publishes_on_one_connection_do_not_hang(site: Site) -> None:
    """The packet id wraps at 65,535; every PUBACK is waited for."""
    device = await site.edge.ask("POST", "/api/v1/devices", {"name": "busy"})
    address, login = ("127.0.0.1", site.edge.mqtt_port, None), ("busy", "busy", device["secret"])
    client = Client(WiredBoard(), address, login, ("bw1/shop/busy/state", b'{"online":false}'), 30)
    await client.connect()
    draining = asyncio.create_task(client.receive())  # takes the PUBACKs; no message ever comes
    async with patience():
        for number in range(70_000):
            await client.publish("bw1/shop/busy/res", b"%d" % number, 1)
    assert client.packet_id == 70_000 - 65_535
    assert not draining.done()
    draining.cancel()
    await asyncio.wait([draining])
    await client.close()
    assert "Traceback" not in site.edge.log
    await site.scan("till-1", 20)
    await site.must_be_right()
