"""A store with devices and orders in it, made by the edge's own parts."""

import asyncio
from pathlib import Path

from firmware.wire import event, frame
from firmware.wire.event import EARLIEST_AT, EDGE, Event
from server.calendar import Days
from server.clock import milliseconds
from server.core import open_core
from server.folds.checkpointer import Checkpointer
from server.ingest.acks import Acks
from server.ingest.arrival import UpArrival
from server.ingest.consumer import Consumer
from server.rights import THIS_MACHINE
from server.settings import Settings
from server.store.database import Database

EVENTS = 30  # per frame
CUSTOMERS = 20_000


def fill(folder: Path, boards: int, frames: int = 0, customers: int = CUSTOMERS) -> dict[str, str]:
    """Make `folder`/data with `boards` devices, `till-0` and so on, and `frames` of 30 orders of each.

    Returns the devices' secrets.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    return asyncio.run(_fill(folder / "data", boards, frames, customers))


def up(board: int, number: int, customers: int = CUSTOMERS) -> UpArrival:
    """The frame `number`, from 0, of a board."""
    records = []
    for index in range(EVENTS):
        seq = number * EVENTS + index
        who = (seq * 7919 + board * 104_729) % customers
        fields: dict[str, object] = {"customer": f"{who:06d}", "quantity": 1, "cents": seq}
        records.append(event.encode(Event("order.placed", fields, 1, 1000 + seq, EARLIEST_AT + seq, EDGE)))
    made = frame.Up(7, number * EVENTS + 1, records, 1, 99_000)
    return UpArrival(f"till-{board}", frame.encode(made), milliseconds())


async def _fill(folder: Path, boards: int, frames: int, customers: int) -> dict[str, str]:
    settings = Settings()
    async with Database(folder) as database:
        core = await open_core(settings, database)
        checkpointer = Checkpointer(core, Days(settings.zone), milliseconds)
        consumer = Consumer(database, core.intake, Acks("shop", lambda *_: None, milliseconds))
        added = [await core.registrar.add(THIS_MACHINE, f"till-{board}") for board in range(boards)]
        for number in range(frames):
            for board in range(boards):
                consumer.put(up(board, number, customers))
            await consumer.drain()
        await checkpointer.write()
    return {one.device: one.secret for one in added}
