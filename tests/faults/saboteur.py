"""An edge with one thing broken on purpose: `python -m tests.faults.saboteur NAME [AT] -- --config FILE`.

Deaths kill the edge with -9 at an exact point; mutations are the mistakes that the judge must see.
"""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server import __main__ as main
from server import clock
from server.folds import checkpointer
from server.ingest.acks import Acks
from server.ingest.consumer import Consumer
from server.ingest.cursor import Cursor
from server.ingest.intake import Intake
from server.store import checkpoints, database
from sync.table.uploader import Uploader

CLAIMED = 40  # events that checkpoint_ahead_of_the_log adds to what a checkpoint holds
OFFSET = "TEST_CLOCK_OFFSET_FILE"  # a file with milliseconds to add to the edge's clock


def _die_at(count: int) -> Callable[[], None]:
    left = [count]

    def tick() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return tick


def die_before_commit(at: int) -> None:
    """Row 20: killed when everything is written, and COMMIT is not."""
    tick, work = _die_at(at), Intake.work

    def dying(self: Intake, connection: sqlite3.Connection, arrivals: Any) -> Any:
        batch = work(self, connection, arrivals)
        if batch.rows:
            tick()
        return batch

    Intake.work = dying  # type: ignore[method-assign]


def die_after_commit(at: int) -> None:
    """Row 21: killed when COMMIT has returned, and no ack is out."""
    tick, adopt = _die_at(at), Intake.adopt

    def dying(self: Intake, batch: Any) -> None:
        if batch.rows:
            tick()
        adopt(self, batch)

    Intake.adopt = dying  # type: ignore[method-assign]


def ack_before_commit(_: int) -> None:
    """Mutation: the board is told before COMMIT, and the COMMIT is late."""
    work = Intake.work

    def eager(self: Intake, connection: sqlite3.Connection, arrivals: Any) -> Any:
        batch = work(self, connection, arrivals)
        LOOP[0].call_soon_threadsafe(ACKS[0].send, list(batch.answers.values()))
        time.sleep(0.3)
        return batch

    LOOP: list[Any] = []
    ACKS: list[Acks] = []
    run = Consumer.run

    async def noting(self: Consumer) -> None:
        import asyncio

        LOOP.append(asyncio.get_running_loop())
        ACKS.append(self._acks)
        await run(self)

    Intake.work = eager  # type: ignore[method-assign]
    Consumer.run = noting  # type: ignore[method-assign]


def dedupe_off(_: int) -> None:
    """Mutation: an overlap is stored again."""
    copy = Cursor.copy

    def forgetful(self: Cursor) -> Cursor:
        made = copy(self)
        made.acked = max(0, made.acked - 3)
        return made

    Cursor.copy = forgetful  # type: ignore[method-assign]


def cursor_moved_on_a_failed_commit(_: int) -> None:
    """Mutation: every fifth commit fails, and memory believes it."""
    work, count = Intake.work, [0]

    def failing(self: Intake, connection: sqlite3.Connection, arrivals: Any) -> Any:
        batch = work(self, connection, arrivals)
        count[0] += 1
        if batch.rows and count[0] % 5 == 0:
            self.cursors.update(batch.cursors)
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR  # type: ignore[misc]
            raise error
        return batch

    Intake.work = failing  # type: ignore[method-assign]


def checkpoint_ahead_of_the_log(_: int) -> None:
    """Mutation: a checkpoint claims events that it does not hold."""
    save = checkpoints.save

    def ahead(connection: sqlite3.Connection, delta: Any) -> None:
        delta.through += CLAIMED
        save(connection, delta)
        delta.through -= CLAIMED

    checkpoints.save = ahead
    checkpointer.EVERY_S = 0.5


def chunk_sealed_again(_: int) -> None:
    """Mutation: the sealer forgets how far it was."""
    keep, count = Uploader.keep, [0]

    def forgetful(self: Uploader, connection: sqlite3.Connection, *rest: Any) -> int:
        kept = keep(self, connection, *rest)
        count[0] += 1
        if count[0] % 2 == 1:
            connection.execute("UPDATE sealed SET through = max(0, through - 5)")
        return kept

    Uploader.keep = forgetful  # type: ignore[method-assign]


def never_syncs(_: int) -> None:
    """Mutation: COMMIT does not wait for the disk."""
    _set("PRAGMA synchronous = OFF")


def checkpoints_often(pages: int) -> None:
    """No mutation: checkpoints of ours, and SQLite's after so few pages, so that power is cut during them."""
    _set(f"PRAGMA wal_autocheckpoint = {pages}")
    checkpointer.EVERY_S = 0.5


def _set(pragma: str) -> None:
    opener = database.open_writer

    def opened(path: Path) -> sqlite3.Connection:
        connection = opener(path)
        connection.execute(pragma)
        return connection

    database.open_writer = opened


def clock_jumps(_: int) -> None:
    """Row 26: the edge's clock is off by what a file says."""
    path = Path(os.environ[OFFSET])

    def jumping() -> int:
        return time.time_ns() // 1_000_000 + int(path.read_text() or 0)

    clock.milliseconds = jumping
    for name, module in list(sys.modules.items()):
        if name.startswith(("server.", "sync.")) and hasattr(module, "milliseconds"):
            module.milliseconds = jumping  # type: ignore[attr-defined]


SABOTAGES: dict[str, Callable[[int], None]] = {
    one.__name__: one
    for one in (
        die_before_commit, die_after_commit, ack_before_commit, dedupe_off, clock_jumps,
        cursor_moved_on_a_failed_commit, checkpoint_ahead_of_the_log, chunk_sealed_again,
        never_syncs, checkpoints_often,
    )
}  # fmt: skip

if __name__ == "__main__":
    name, at = sys.argv[1], int(sys.argv[2])
    SABOTAGES[name](at)
    sys.argv = ["server", *sys.argv[4:]]
    sys.exit(main.main())
