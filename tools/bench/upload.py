"""The log to the table: the uploader into a local stand-in for DynamoDB, and bare batch writes into it."""

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from firmware.wire.event import EARLIEST_AT
from server.clock import milliseconds
from server.settings import CloudSection, MailSection
from server.store import chunks
from server.store.database import Database
from sync.aws import client
from sync.table.dynamo import MAX_ITEMS, Dynamo
from sync.table.uploader import Uploader
from sync.token_bucket import TokenBucket
from tools.bench import site, store
from tools.bench.ratio import Seen, from_
from tools.children import free_port
from tools.demo.local_cloud import KEYS, furnish
from tools.output import Json

BOARDS, FRAMES, THREADS = 50, 200, 4
COUNT = BOARDS * FRAMES * store.EVENTS
PLAIN = 5000  # events of the slowest yardstick
UNITS = 40_000  # enough that the budget never waits
PATIENCE_S = 120.0


class Upload:
    """A filled store and a cloud; each figure is into a table of its own. Made by `upload`."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address
        self._tables = 0
        self._items = list[Json]()

    def uploaded(self) -> tuple[float, float]:
        """Events per second from the log to sealed chunks, and from there to the last confirmation."""
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "data"
            shutil.copytree(self._folder / "data", copy)
            cloud = self._table()
            sealing = asyncio.run(_worked(copy, cloud, 0))
            self._items = _items(
                copy
            )  # before any is confirmed: the store drops what is confirmed long since
            sending = asyncio.run(_worked(copy, cloud, 1))
        return from_(COUNT / sealing, sealing), from_(COUNT / sending, sending)

    def bare(self) -> float:
        """Events per second of the same items, sealed beforehand."""
        return COUNT / _written(self._table(), self._items)

    def plain(self) -> float:
        """Events per second when each is an item of its own."""
        return PLAIN / _written(self._table(), [_plain(number) for number in range(PLAIN)])

    def _table(self) -> CloudSection:
        self._tables += 1
        return table(self._address, f"round-{self._tables}")


@contextmanager
def upload() -> Iterator[Upload]:
    """The cloud started and the store filled."""
    with tempfile.TemporaryDirectory() as name, cloud(Path(name)) as address:
        store.fill(Path(name), BOARDS, FRAMES)
        yield Upload(Path(name), address)


@contextmanager
def cloud(folder: Path) -> Iterator[str]:
    """The address of a DynamoDB on this machine that ends with the block."""
    os.environ.update(KEYS)
    port = free_port()
    with site.child([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], folder):
        site.listening(port)
        yield f"http://127.0.0.1:{port}"


def table(address: str, name: str) -> CloudSection:
    """A new table there."""
    made = CloudSection(mode="aws", table=name, endpoint_url=address, write_units=UNITS)
    furnish(made, MailSection())
    return made


def into(cloud: CloudSection) -> dict[str, str]:
    """The settings of an edge that uploads there at once, within the budget that it has by default."""
    return {
        "BOARDWALK_CLOUD_MODE": cloud.mode,
        "BOARDWALK_CLOUD_ENDPOINT_URL": cloud.endpoint_url,
        "BOARDWALK_CLOUD_TABLE": cloud.table,
        "BOARDWALK_CLOUD_SEAL_AFTER_S": "1",
    }


def sent(folder: Path) -> None:
    """Wait until an edge has uploaded its log. Raises TimeoutError; then there is no figure."""
    began = time.perf_counter()
    while True:
        with sqlite3.connect(f"file:{folder / 'data' / 'boardwalk.db'}?mode=ro", uri=True) as connection:
            waiting, open_, *_ = chunks.backlog(connection)
        connection.close()
        if not waiting and not open_:
            return
        if time.perf_counter() - began > PATIENCE_S:
            raise TimeoutError(
                f"{waiting:,} events and {open_:,} chunks were not uploaded after {PATIENCE_S:.0f} s"
            )
        time.sleep(0.05)


async def _worked(folder: Path, cloud: CloudSection, part: int) -> float:
    """Seconds until a part of the backlog is gone: 0, what is not sealed; 1, what is not confirmed.

    Two minutes when it is not gone by then.
    """
    async with Database(folder) as database:
        uploader = Uploader(database, Dynamo(cloud), "shop", TokenBucket(UNITS, UNITS))
        work = uploader.run_sender(milliseconds) if part else uploader.run_sealer(milliseconds, 0)
        began = time.perf_counter()
        task = asyncio.create_task(work)
        while await database.read(_left, part) and time.perf_counter() - began <= PATIENCE_S:
            await asyncio.sleep(0.01)
        took = time.perf_counter() - began
        if took > PATIENCE_S:
            took = Seen(
                took, f"not all was {('sealed', 'confirmed')[part]} after {took:.0f} s ({uploader.error})"
            )
        task.cancel()
        await asyncio.wait([task])
    return took


def _left(connection: sqlite3.Connection, part: int) -> bool:
    return bool(chunks.unsent(connection, 1) if part else chunks.backlog(connection)[0])


def _written(cloud: CloudSection, items: list[Json]) -> float:
    """Seconds that four threads take to write items."""
    batches = [items[at : at + MAX_ITEMS] for at in range(0, len(items), MAX_ITEMS)]
    clients = [client("dynamodb", cloud) for _ in range(THREADS)]

    def write(number: int) -> None:
        for batch in batches[number::THREADS]:
            requests = [{"PutRequest": {"Item": item}} for item in batch]
            clients[number].batch_write_item(RequestItems={cloud.table: requests})

    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, range(THREADS)))
    return time.perf_counter() - began


def _plain(number: int) -> Json:
    return {
        "pk": {"S": f"till-{number % BOARDS}"}, "sk": {"S": f"{number:013d}"},
        "kind": {"S": "order.placed"}, "customer": {"S": f"{number % store.CUSTOMERS:06d}"},
        "quantity": {"N": "1"}, "cents": {"N": str(number)}, "at": {"N": str(EARLIEST_AT + number)},
    }  # fmt: skip


def _items(folder: Path) -> list[Json]:
    """The chunks that were sent, as items of DynamoDB."""
    with sqlite3.connect(folder / "boardwalk.db") as connection:
        rows = connection.execute("SELECT pk, sk, body, events, first_at FROM chunk ORDER BY id").fetchall()
    connection.close()
    return [
        {"pk": {"S": pk}, "sk": {"S": sk}, "b": {"B": body}, "n": {"N": str(events)}, "f": {"N": "1"},
         "a": {"N": str(first_at)}}
        for pk, sk, body, events, first_at in rows
    ]  # fmt: skip
