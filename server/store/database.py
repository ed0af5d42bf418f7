"""The file of the store, its lock, its one writer and its readers."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

import aiosqlite

from server.errors import StartError, StoreDamaged, StoreFull, StoreLocked
from server.store.schema import migrate
from server.to_the_end import to_the_end

P = ParamSpec("P")
T = TypeVar("T")
STORE = "boardwalk.db"  # the file in a data folder
WAL_PAGES = 4000  # 16 MB; pages that many commits change, as those of mails, are then moved less often
READERS = 2
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
REFUSALS = (  # errors of the file or the disk, never of what is being written
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
)  # fmt: skip
CURES = {
    sqlite3.SQLITE_FULL: "make room",
    sqlite3.SQLITE_BUSY: "another program has locked the store; end it",
    sqlite3.SQLITE_CORRUPT: "restore a backup",
    sqlite3.SQLITE_NOTADB: "restore a backup",
}


LOOKS: ContextVar[list[str] | None] = ContextVar("looks", default=None)  # grows with each read


class AsyncConnection(aiosqlite.Connection):
    """An aiosqlite connection that runs a whole function as one hop to its thread."""

    async def hop(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The result of `work(connection, ...)`, which runs on the connection's thread."""
        result: T = await self._execute(work, self._conn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return result


class Database:
    """`<folder>/boardwalk.db`, held by one process at a time.

    Use as an async context manager. Raises StoreLocked, StoreDamaged and StartError on entry.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / STORE
        self._lock = -1
        self._readers: asyncio.Queue[AsyncConnection] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._lock = take_lock(self.folder)
        try:
            self._writer = await self._connect(open_writer)
            for _ in range(READERS):
                self._readers.put_nowait(await self._connect(_open_reader))
        except BaseException:
            os.close(self._lock)
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        for _ in range(READERS):
            await (await self._readers.get()).close()
        with suppress(sqlite3.Error):  # a full disk only costs the next start a check
            await self._writer.hop(_note_closed)
        await self._writer.close()
        os.close(self._lock)

    async def _connect(self, opener: Callable[[Path], sqlite3.Connection]) -> AsyncConnection:
        opened = await asyncio.to_thread(opener, self.path)  # its errors belong outside aiosqlite's thread
        connection = AsyncConnection(lambda: opened, iter_chunk_size=64)
        await connection
        return connection

    async def write(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """`work` inside one transaction, committed durably when this returns.

        Raises StoreFull when the disk refuses; nothing of the transaction is kept then. A caller
        that is cancelled cannot know the outcome, so cancellation waits for the commit.
        """
        return await to_the_end(self._writer.hop(_transaction, work, *args, **kwargs))

    async def pragma(self, statement: str) -> None:
        """Set a PRAGMA of the writer, as `busy_timeout = 50`, outside of transactions."""
        await self._writer.execute(f"PRAGMA {statement}")

    async def read(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """`work` on a connection that cannot write, inside one transaction.

        It sees everything that was committed before the call, and nothing that is committed meanwhile.
        """
        looks = LOOKS.get()
        if looks is not None:
            looks.append("store")
        reader = await self._readers.get()
        try:
            return await reader.hop(_snapshot, work, *args, **kwargs)
        finally:
            self._readers.put_nowait(reader)


def touch(connection: sqlite3.Connection) -> None:
    """Write a page as it is, to find out whether the disk takes one."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute(f"PRAGMA user_version = {version}")


def take_lock(folder: Path) -> int:
    """A file descriptor that holds the folder's lock until it is closed. Raises StartError."""
    try:
        _make(folder)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(
            f"The data folder {folder} cannot be written ({error.strerror}); "
            "give another one with [edge] data, or change its owner."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreLocked(str(folder)) from error
    return lock


def _make(folder: Path) -> None:
    """Make a folder whose name outlives a power cut: SQLite syncs the names in it, not its own name."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    parent = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def open_writer(path: Path) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # SQLite's own would be 0644
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -16000")
        migrate(connection)
        _check(connection)
    except sqlite3.DatabaseError as error:
        raise _unusable(str(path), error) from error
    except OSError as error:
        raise StartError(f"The store {path} cannot be opened ({error.strerror}); see to the disk.") from error
    return connection


def _unusable(path: str, error: sqlite3.Error) -> StartError:
    """The error of a store that does not open; a full disk must not sound like a damaged store."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in DAMAGED or code not in REFUSALS:
        return _damaged(path, error)
    return StartError(f"The store {path} cannot be opened ({error}); {CURES.get(code, 'see to the disk')}.")


def _damaged(path: str, error: sqlite3.Error) -> StoreDamaged:
    return StoreDamaged(
        f"The store {path} cannot be read ({error}); restore a backup, or move it away to begin anew: "
        "boards send again what they still hold."
    )


def _check(connection: sqlite3.Connection) -> None:
    """Look at every page once when the last end was not a regular one. Raises DatabaseError."""
    if not connection.execute("SELECT 1 FROM meta WHERE name = 'closed'").fetchone():
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(" ".join(found.split()))
    connection.execute("DELETE FROM meta WHERE name = 'closed'")


def _note_closed(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('closed', '1')")


def _open_reader(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _snapshot(
    connection: sqlite3.Connection,
    work: Callable[Concatenate[sqlite3.Connection, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    connection.execute("BEGIN")
    try:
        return work(connection, *args, **kwargs)
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")


def _transaction(
    connection: sqlite3.Connection,
    work: Callable[Concatenate[sqlite3.Connection, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    try:
        connection.execute("BEGIN IMMEDIATE")
        result = work(connection, *args, **kwargs)
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if isinstance(error, sqlite3.Error) and code in REFUSALS:
            cure = CURES.get(code, "see to the disk")
            raise StoreFull(f"The disk refuses to store ({error}); {cure}.") from error
        if isinstance(error, sqlite3.Error) and code in DAMAGED:
            (_, _, path) = connection.execute("PRAGMA database_list").fetchone()
            raise _damaged(path, error) from error
        raise
    return result
