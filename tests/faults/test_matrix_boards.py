"""The fault matrix, where the board or its way to the edge suffers; each test names its row."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.checker import read
from tests.faults.fault_site import Site, fault_site
from tests.patience import PATIENCE_S, patience

FLASH_BLOCK = 4096


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site without boards."""
    async with fault_site(tmp_path) as one:
        yield one


def kinds(site: Site) -> dict[str, list[dict[str, object]]]:
    """Kind to the fields of its rows."""
    rows, _, _ = read(site.edge.data / "boardwalk.db")
    found: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(row.fields)
    return found


async def test_row_2_an_event_that_was_flushed_and_not_sent_goes_out_after_the_boot(site: Site) -> None:
    board = await site.add("till-1")
    await board.link(False)
    till = await site.scan("till-1", 40)
    assert len(till.stored) == 40
    await site.off("till-1")
    await board.link(True)
    await site.on("till-1")
    await site.must_be_right()


async def test_row_3_a_cut_after_the_ack_and_before_the_trim_repeats_and_nothing_doubles(site: Site) -> None:
    await site.add("till-1")
    for _ in range(5):
        await site.scan("till-1", 30)
        before = len(site.witness.acks)
        selling = asyncio.create_task(site.scan("till-1", 30, 0.005))
        async with patience():
            while len(site.witness.acks) < before + 2:
                await asyncio.sleep(0.001)
        await site.off("till-1")
        await selling
        await site.on("till-1")
    await site.must_be_right()


@pytest.mark.parametrize("profile", ["esp32", "pico"])
async def test_row_4_cuts_while_segments_are_trimmed_and_the_cursor_is_renamed(
    site: Site, profile: str
) -> None:
    await site.add("till-1", profile, outbox_bytes=32 * 1024)
    for cut in range(8):
        await site.scan("till-1", 400)
        selling = asyncio.create_task(site.scan("till-1", 400))
        await site.off("till-1", after_bytes=1 + site.chance.randrange(4096) * (cut + 1))
        await selling
        await site.on("till-1")
    await site.must_be_right()


async def test_row_6_a_watchdog_reset_is_a_power_cut_that_names_its_cause(site: Site) -> None:
    board = await site.add("till-1", watchdog_ms=1000)
    await site.scan("till-1", 30)
    os.kill((await board.stats())["pid"], signal.SIGSTOP)  # it hangs, and feeds no watchdog
    async with patience():
        while (await board.stats())["boots"] < 2:
            await asyncio.sleep(0.05)
    await site.hang_up("till-1")
    await site.scan("till-1", 30)
    await site.must_be_right()
    assert [fields["reason"] for fields in kinds(site)["device.started"]] == ["power", "watchdog"]


async def test_row_7_a_full_flash_refuses_says_so_and_counts_it(site: Site) -> None:
    board = await site.add("till-1", outbox_bytes=16 * 1024)
    await board.link(False)
    line = await board.uart()
    kept, refused = 0, 0
    for order in site.orders(600):
        site.record.sent["till-1"].append(order)
        line[1].write(order.line)
        answer = (await asyncio.wait_for(line[0].readline(), PATIENCE_S)).decode().split()
        if answer[0] == "ok":
            kept += 1
            site.record.told[("till-1", int(answer[1]), int(answer[2]))] = order
        else:
            assert answer == ["no", "full"]
            refused += 1
    line[1].close()
    assert kept > 50
    assert refused > 50
    await board.link(True)
    await site.settle()
    async with patience():
        while "device.refused" not in await asyncio.to_thread(kinds, site):
            await asyncio.sleep(0.1)
    await site.must_be_right()
    assert sum(int(str(fields["count"])) for fields in kinds(site)["device.refused"]) == refused


async def test_row_8_a_file_system_that_will_not_mount_begins_a_new_epoch(site: Site, tmp_path: Path) -> None:
    await site.add("till-1")
    await site.scan("till-1", 30)
    await site.settle()
    await site.off("till-1")
    image = tmp_path / "boards" / "till-1.img"
    with image.open("r+b") as flash:
        flash.write(bytes(2 * FLASH_BLOCK))  # both superblocks
    told = dict(site.record.told)
    (epoch,) = {epoch for _, epoch, _ in told}
    settings = {
        "site": "shop", "device": "till-1", "host": "127.0.0.1", "port": site.witness.port,
        "secret": (await _again(site, "till-1")),
        "inputs": [{"type": "serial", "uart": 1, "kind": "order.placed", "critical": True,
                    "fields": ["customer", "quantity:int", "cents:int", "ordered_on"]}],
    }  # fmt: skip
    await site.boards["till-1"].remove()
    site.boards["till-1"] = await site.fleet.up("till-1", settings)
    await site.scan("till-1", 30)
    assert epoch not in {epoch for _, epoch, _ in site.record.told.keys() - told.keys()}
    await site.must_be_right()


async def _again(site: Site, name: str) -> str:
    """A new secret for a board that is set up anew."""
    await site.edge.ask("DELETE", f"/api/v1/devices/{name}")
    return str((await site.edge.ask("POST", "/api/v1/devices", {"name": name}))["secret"])


async def test_row_9_a_flipped_bit_loses_what_it_must_and_the_loss_is_reported(
    site: Site, tmp_path: Path
) -> None:
    board = await site.add("till-1")
    await board.link(False)
    till = await site.scan("till-1", 300)
    await site.off("till-1")
    image = tmp_path / "boards" / "till-1.img"
    data = bytearray(image.read_bytes())
    victim = till.stored[150][2].ordered_on.encode()
    places = [place for place in range(len(data)) if data[place : place + len(victim)] == victim]
    for place in places:
        data[place] ^= 1
    image.write_bytes(data)
    await board.link(True)
    await site.on("till-1")
    assert places
    async with patience():
        while "device.lost" not in (found := await asyncio.to_thread(kinds, site)):
            await asyncio.sleep(0.1)
    lost = found["device.lost"]
    assert {fields["reason"] for fields in lost} == {"corrupt"}
    gone = {seq for fields in lost for seq in range(int(str(fields["from"])), int(str(fields["to"])) + 1)}
    assert till.stored[150][1] in gone
    assert len(gone) < 150
    for epoch, seq, _ in till.stored:
        if seq in gone:
            del site.record.told[("till-1", epoch, seq)]
    await site.must_be_right()


async def test_row_11_a_week_without_wifi_comes_in_order_afterwards(site: Site) -> None:
    board = await site.add("till-1")
    await board.link(False)
    till = await site.scan("till-1", 7 * 24 * 60 // 4)  # a quarter of an event a minute
    assert len(till.stored) == 2520
    await board.link(True)
    await site.must_be_right()
    rows, _, _ = read(site.edge.data / "boardwalk.db")
    sold = [row.order for row in rows if row.kind == "order.placed"]
    assert sold == site.record.sent["till-1"]


async def test_row_12_a_board_that_boots_without_a_broker_works_and_sends_later(tmp_path: Path) -> None:
    async with fault_site(tmp_path) as site:
        board = await site.add("till-1")
        await site.off("till-1")
        site.witness.faults.refuse = True
        await board.boot()
        till = await site.scan("till-1", 60)
        assert len(till.stored) == 60
        site.witness.faults.refuse = False
        await site.must_be_right()


async def test_row_13_a_half_open_link_is_found_and_left(site: Site) -> None:
    await site.add("till-1", keepalive=2)
    await site.scan("till-1", 20)
    before = site.witness.connections
    site.witness.faults.silent = True
    async with patience():
        while site.witness.connections == before:
            await asyncio.sleep(0.05)
    site.witness.faults.silent = False
    await site.scan("till-1", 20)
    await site.must_be_right()


@pytest.mark.parametrize(
    "clock_at", [946_684_800_000, 1_609_459_200_000, 4_102_444_800_000], ids=["2000", "2021", "2100"]
)
async def test_row_27_a_wrong_clock_on_the_board_changes_no_order_and_no_count(
    site: Site, clock_at: int
) -> None:
    board = await site.add("till-1")
    await board.link(False)
    await site.off("till-1")
    await board.clock(clock_at)
    await site.on("till-1")
    await site.scan("till-1", 40)
    await board.link(True)
    await site.must_be_right()
    rows, _, _ = read(site.edge.data / "boardwalk.db")
    assert [row.order for row in rows if row.kind == "order.placed"] == site.record.sent["till-1"]
