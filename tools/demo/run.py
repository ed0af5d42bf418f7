"""`boardwalk demo`: a shop on one machine: virtual tills, an edge, a local cloud, real orders."""

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from server.errors import BoardwalkError, StartError
from server.mqtt.mosquitto import find as find_mosquitto
from server.settings import Settings, address, load, overrides
from tools.children import child, free_port, listens
from tools.demo import selfcheck
from tools.demo.local_cloud import KEYS, accepted, furnish, local_cloud
from tools.demo.replay import FIELDS, Order, Till, orders
from tools.demo.selfcheck import Finding
from tools.edge_client import EdgeClient, edge_client
from tools.vboard.client import Fleet, VirtualBoard

EVERY = 3
DRAIN_S = 600.0
CONFIGURATION = """\
[edge]
site = "pier-street"
data = {data}
environment = "demo"

[http]
listen = "127.0.0.1:{http}"

[mqtt]
listen = "127.0.0.1:{mqtt}"

[cloud]
mode = "aws"
endpoint_url = "{cloud}"
seal_after_s = 2

[mail]
mode = "ses"
sender = "shop@shop.example"
customer_address = "customer-{{customer}}@shop.example"
per_second = 500

[[rule]]
name = "third-order"
on = "order.placed"
every = {every}
to = "customer"
template = "thanks"
"""


@dataclass(frozen=True)
class DemoPlan:
    """What to show.

    boards: how many virtual tills. orders: how many, None for all. rate: orders per second, None for as many
    as the tills take. leave: whether to end with an audit instead of waiting for Ctrl-C. as_json: whether to
    print the audit for programs.
    """

    boards: int
    orders: int | None
    rate: float | None
    leave: bool
    as_json: bool


@dataclass
class Shop:
    """A running demo.

    settings: of the edge. cloud: the address of the local one. edge: its client. ended: done when the edge
    has ended. tills: each with its board.
    """

    settings: Settings
    cloud: str
    edge: EdgeClient
    ended: asyncio.Task[int]
    tills: list[tuple[Till, VirtualBoard]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The edge's data folder."""
        return Path(self.settings.edge.data)


async def run_demo(plan: DemoPlan) -> int:
    """Run the demo; the exit code, 1 when a promise is broken. Raises BoardwalkError when it cannot start."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    console = Console(stderr=True)
    halt = asyncio.create_task(stop.wait())
    work = asyncio.create_task(_show(plan, console))
    await asyncio.wait([work, halt], return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        halt.cancel()
        return work.result()
    console.print("Closing the shop.")
    work.cancel()
    await asyncio.wait([work])
    return 0


async def _show(plan: DemoPlan, console: Console) -> int:
    todo = orders(plan.orders)
    with tempfile.TemporaryDirectory(prefix="boardwalk-demo-") as folder:
        async with opened(Path(folder), plan.boards, console) as shop:
            return await _while_open(shop, _day(shop, plan, todo, console))


async def _day(shop: Shop, plan: DemoPlan, todo: list[Order], console: Console) -> int:
    began = time.monotonic()
    await _replay(shop, plan, todo, console)
    if not plan.leave:
        console.print("All orders are replayed; Ctrl-C closes the shop.")
        await asyncio.Event().wait()
    await _drain(shop)
    took = time.monotonic() - began
    return _summary(plan, await audit(shop, todo), (len(todo), took))


async def _while_open(shop: Shop, work: Coroutine[object, object, int]) -> int:
    """The result of `work`. Raises BoardwalkError when the edge ends by itself meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task, shop.ended], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise BoardwalkError(f"The edge ended by itself, with exit code {shop.ended.result()}.")
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def opened(folder: Path, boards: int, console: Console) -> AsyncIterator[Shop]:
    """Local cloud, edge and boards, with the addresses told. Raises StartError."""
    for name in overrides(os.environ):  # they are for this person's own edge, which the demo must not touch
        del os.environ[name]
    os.environ.update(KEYS)
    async with AsyncExitStack() as stack:
        console.print("Opening the shop: local cloud, edge server, boards.")
        cloud = await stack.enter_async_context(local_cloud(folder))
        settings = _settings(folder, cloud)
        await asyncio.to_thread(furnish, settings.cloud, settings.mail)
        ended = await stack.enter_async_context(_edge(folder, settings))
        shop = Shop(settings, cloud, await stack.enter_async_context(edge_client(settings)), ended)
        await _invite(shop, console)
        fleet = await stack.enter_async_context(Fleet.start(folder / "boards"))
        for number in range(1, boards + 1):
            await _add_till(shop, fleet, f"till-{number}")
        yield shop


def _settings(folder: Path, cloud: str) -> Settings:
    config = folder / "boardwalk.toml"
    text = CONFIGURATION.format(
        data=json.dumps(str(folder / "data")), cloud=cloud, every=EVERY,
        http=free_port(8080), mqtt=free_port(1883),
    )  # fmt: skip
    config.write_text(text, encoding="utf-8")
    return load(config, {})


@asynccontextmanager
async def _edge(folder: Path, settings: Settings) -> AsyncIterator[asyncio.Task[int]]:
    log = folder / "edge.log"
    argv = [sys.executable, "-m", "server", "--config", str(folder / "boardwalk.toml")]
    async with child(argv, log, KEYS) as process:
        ready = asyncio.create_task(listens(address(settings.http.listen)[1], 30))
        ended = asyncio.create_task(process.wait())
        await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
        if not ready.done() or ready.exception():
            ready.cancel()
            said = (await asyncio.to_thread(log.read_text, errors="replace")).splitlines() or ["nothing"]
            raise StartError(f"The edge does not start; the last it says is: {said[-1]}")
        yield ended
        ended.cancel()


async def _invite(shop: Shop, console: Console) -> None:
    visitor = {"email": "visitor@shop.example", "role": "admin", "quick": True}
    link = (await shop.edge.call("POST", "/api/v1/users", visitor))["link"]
    console.print(f"\n  Dashboard      [bold]http://{shop.settings.http.listen}[/]")
    console.print(f"  Sign in, once  [bold]{link}[/]\n", soft_wrap=True)
    if find_mosquitto() is None:
        console.print("  make deps would add mosquitto, the broker that boards in a shop need.\n")


async def _add_till(shop: Shop, fleet: Fleet, name: str) -> None:
    told = await shop.edge.call("POST", "/api/v1/devices", {"name": name})
    reader = {"type": "serial", "uart": 1, "kind": "order.placed", "fields": FIELDS, "critical": True}
    settings = {
        "site": shop.settings.edge.site, "device": name, "secret": told["secret"],
        "host": "127.0.0.1", "port": address(shop.settings.mqtt.listen)[1], "inputs": [reader],
    }  # fmt: skip
    board = await fleet.up(name, settings)
    shop.tills.append((Till(name), board))


async def _replay(shop: Shop, plan: DemoPlan, todo: list[Order], console: Console) -> None:
    count = len(shop.tills)
    pause_s = count / plan.rate if plan.rate else 0.0
    progress = asyncio.create_task(_progress(shop, len(todo), console))
    try:
        async with asyncio.TaskGroup() as selling:
            for number, (till, board) in enumerate(shop.tills):
                line = await board.uart()
                selling.create_task(till.sell(line, todo[number::count], pause_s))
    finally:
        progress.cancel()
        await asyncio.wait([progress])


async def _progress(shop: Shop, total: int, console: Console) -> None:
    """One live line on a terminal; in a pipe, a plain line now and then."""
    columns = (
        TextColumn("orders"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[more]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("orders", total=total, more="")
        while True:
            sold = sum(len(till.stored) for till, _ in shop.tills)
            state = await shop.edge.call("GET", "/api/v1/sync")
            mails = await shop.edge.call("GET", "/api/v1/mails?limit=1")
            more = f"{state['waiting']} on the way to the cloud, {mails['counts']['sent']} mails sent"
            bar.update(task, completed=sold, more=more)
            if not console.is_terminal:
                console.print(f"{sold} of {total} orders, {more}")
            await asyncio.sleep(0.5 if console.is_terminal else 5)


async def _drain(shop: Shop) -> None:
    """Wait until edge, cloud and mail have everything. Raises BoardwalkError."""
    told = sum(len(till.stored) for till, _ in shop.tills)
    try:
        await asyncio.wait_for(_drained(shop, told), DRAIN_S)
    except TimeoutError as error:
        raise BoardwalkError(f"Edge, cloud and mail do not have everything after {DRAIN_S} s.") from error


async def _drained(shop: Shop, told: int) -> None:
    while True:
        stored = await asyncio.to_thread(selfcheck.stored_orders, shop.data)
        state = await shop.edge.call("GET", "/api/v1/sync")
        counts = (await shop.edge.call("GET", "/api/v1/mails?limit=1"))["counts"]
        if len(stored) >= told and not state["waiting"] and not counts["pending"] + counts["sending"]:
            await asyncio.sleep(2)  # the status of the cloud is at most a second old
            if not (await shop.edge.call("GET", "/api/v1/sync"))["waiting"]:
                return
        await asyncio.sleep(0.5)


async def audit(shop: Shop, todo: list[Order]) -> list[Finding]:
    """Every promise, counted by other means."""
    stored = await asyncio.to_thread(selfcheck.stored_orders, shop.data)
    findings = [selfcheck.events([till for till, _ in shop.tills], stored)]
    for name in ("orders", "spend"):
        told = await shop.edge.call("GET", f"/api/v1/rankings/{name}?window=all&k={selfcheck.LISTED}")
        findings.append(selfcheck.ranking(name, todo, told["rows"]))
    findings.append(await asyncio.to_thread(selfcheck.cloud, shop.settings, shop.data))
    taken = await accepted(shop.cloud)
    return findings + selfcheck.mails(EVERY, stored, shop.data, taken)


def _summary(plan: DemoPlan, findings: list[Finding], replayed: tuple[int, float]) -> int:
    count, took = replayed
    kept = all(finding.kept for finding in findings)
    if plan.as_json:
        told = {"orders": count, "seconds": round(took, 1), "kept": kept}
        print(json.dumps(told | {"findings": [asdict(finding) for finding in findings]}))
        return 0 if kept else 1
    table = Table("promise", "expected", "found", "", box=None, pad_edge=False)
    for one in findings:
        word = "[green]kept[/]" if one.kept else "[red]BROKEN[/]"
        table.add_row(one.promise, f"{one.expected:,}", f"{one.found:,}", word)
    console = Console()
    console.print(table)
    console.print(f"{count:,} orders in {took:.1f} s by {plan.boards} boards.")
    return 0 if kept else 1
