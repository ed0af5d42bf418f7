"""The store holds hashes and the key of sessions: nobody else on the machine may read it."""

import stat
from pathlib import Path

from server.store.database import Database


async def test_the_store_and_its_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    async with Database(folder) as database:
        await database.write(lambda connection: connection.execute("CREATE TABLE x (y)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {
        "data": 0o700, "lock": 0o600, "boardwalk.db": 0o600, "boardwalk.db-wal": 0o600,
        "boardwalk.db-shm": 0o600,
    }  # fmt: skip


async def test_the_store_in_a_folder_that_was_there_is_for_its_owner_only(tmp_path: Path) -> None:
    async with Database(tmp_path):
        pass
    assert stat.S_IMODE((tmp_path / "boardwalk.db").stat().st_mode) == 0o600
