"""The judge catches our own mistakes: each promise's code is broken on purpose, and must be found out."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.checker import Verdict
from tests.faults.fault_site import Site, fault_site
from tests.faults.saboteur import CLAIMED
from tests.patience import PATIENCE_S, patience
from tools.children import free_port
from tools.release.slot import FIRMWARE, compiled

AWAY = {
    "BOARDWALK_CLOUD_MODE": "aws",
    "BOARDWALK_CLOUD_ENDPOINT_URL": "http://127.0.0.1:1",
    "BOARDWALK_CLOUD_SEAL_AFTER_S": "1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "y",
}


async def found_out(site: Site, wait_s: float = 12) -> dict[str, list[str]]:
    """What the judge finds; that the edge has not settled after `wait_s` is a breach too."""
    try:
        site_verdict: Verdict = await asyncio.wait_for(site.verdict(), wait_s)
    except (AssertionError, TimeoutError) as error:
        return {"lost": [str(error)]}
    return site_verdict.breaches()


async def until_a_checkpoint_claims_too_much(site: Site, claimed: int) -> None:
    """Wait until a kill leaves events that only the checkpoint claims to hold."""
    store = f"file:{site.edge.data}/boardwalk.db?mode=ro"
    with closing(sqlite3.connect(store, uri=True)) as connection:
        async with patience():
            while True:
                through, last = connection.execute(
                    "SELECT through, (SELECT max(id) FROM event) FROM checkpoint"
                ).fetchone()
                if claimed < through and through - claimed + 5 < (last or 0):
                    return
                await asyncio.sleep(0.01)


async def sell_and_kill(site: Site, kills: int, orders: int = 60, claimed: int = 0) -> None:
    """Orders at one till, with kills of the edge in between."""
    selling = asyncio.create_task(site.scan("till-1", orders * (kills + 1), 0.01))
    for _ in range(kills):
        await asyncio.sleep(0.5)
        if claimed:
            await until_a_checkpoint_claims_too_much(site, claimed)
        await site.kill_edge()
    await selling


async def test_an_unbroken_edge_passes_the_same_treatment(tmp_path: Path) -> None:
    async with fault_site(tmp_path, looks=True, more=AWAY) as site:
        await site.add("till-1")
        await sell_and_kill(site, 2)
        await asyncio.sleep(2)
        assert await found_out(site, PATIENCE_S) == {}


@pytest.mark.parametrize(
    ("mutation", "kills", "promises"),
    [
        ("ack_before_commit", 4, {"lost", "gaps", "acks"}),
        ("ack_before_commit", 0, {"early"}),
        ("dedupe_off", 0, {"doubled", "phantoms"}),
        ("cursor_moved_on_a_failed_commit", 0, {"lost", "gaps"}),
        ("checkpoint_ahead_of_the_log", 2, {"rankings", "mails"}),
        ("chunk_sealed_again", 0, {"chunks"}),
    ],
)
async def test_a_broken_edge_is_found_out(
    mutation: str, kills: int, promises: set[str], tmp_path: Path
) -> None:
    more = AWAY | {"BOARDWALK_CLOUD_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    async with fault_site(tmp_path, looks=True, sabotage=(mutation, 0), more=more) as site:
        await site.add("till-1")
        site.witness.faults.lose_acks = 0.5 if mutation == "dedupe_off" else 0
        ahead = mutation == "checkpoint_ahead_of_the_log"
        await sell_and_kill(site, kills, 200 if ahead else 60, CLAIMED if ahead else 0)
        site.witness.faults.lose_acks = 0
        await asyncio.sleep(2)
        found = await found_out(site)
    assert found.keys() & promises, found


MISTAKES = {
    "trimmed too early": [
        ("        return size <= segment.LIMIT or self.segments.count_after(self.acked) < self._most",
         "        return True"),
        ("        if not 0 < last <= self.acked:", "        if not 0 < last:"),
    ],
    "published before its flush": [
        ("        self.last = self.durable = self.segments.open(firsts, self.acked)",
         "        self.last = self.durable = max(self.acked, self.segments.open(firsts, self.acked) - 10)"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_broken_board_code_is_found_out(mistake: str, tmp_path: Path) -> None:
    source = (FIRMWARE / "outbox.py").read_text()
    for right, wrong in MISTAKES[mistake]:
        assert source.count(right) == 1, f"outbox.py has changed: mend this test, {right!r}"
        source = source.replace(right, wrong)
    mutant = tmp_path / "outbox.py"
    mutant.write_text(source)
    code = await asyncio.to_thread(compiled, mutant, "firmware/outbox.py")
    async with fault_site(tmp_path) as site:
        site.files = {"/slot_a/firmware/outbox.mpy": code}
        await site.add("till-1", outbox_bytes=16 * 1024)
        for _ in range(6):
            await site.scan("till-1", 200)
            if mistake == "trimmed too early":
                site.witness.faults.lose = 1  # so that the edge has nothing of what is trimmed
            await site.off("till-1")
            await site.on("till-1")
        site.witness.faults.lose = 0
        found = await found_out(site)
    assert found, "nothing was found"
