"""Every migration, from the schema before it."""

import sqlite3
from pathlib import Path

from server.rules.rule import Match
from server.rules.silence import Heard
from server.settings import Rule
from server.store import checkpoints, customers, idempotency, schema, silences, standings
from server.store.idempotency import KeptAnswer
from server.store.repeated_ids import DAY_MS, RepeatedIds, mark


def at_version(path: Path, version: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    schema.migrate(connection, version)
    return connection


def test_a_store_of_schema_2_keeps_its_events_and_learns_to_keep_answers(tmp_path: Path) -> None:
    store = at_version(tmp_path / "boardwalk.db", 2)
    store.execute("INSERT INTO event VALUES (1, 1, 7, 1, 1, NULL, 5, 5, 5, 2, 1, 1, x'80')")
    generation = store.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
    schema.migrate(store)
    assert store.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
    assert store.execute("SELECT id, seq FROM event").fetchall() == [(1, 1)]
    assert store.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone() == generation
    kept = KeptAnswer("http-a", b"key", b"body", b"{}", 1_000)
    idempotency.keep(store, [kept], 1_000)
    assert idempotency.find(store, "http-a", b"key", 2_000) == kept
    assert idempotency.find(store, "http-b", b"key", 2_000) is None


def test_a_store_of_schema_3_keeps_the_ids_that_it_had_in_one_table_per_day(tmp_path: Path) -> None:
    store = at_version(tmp_path / "boardwalk.db", 3)
    now = 20_412 * DAY_MS
    for day, name in ((20_400, "old"), (20_411, "new")):
        store.execute(f"CREATE TABLE seen_{day} (mark BLOB PRIMARY KEY) WITHOUT ROWID")
        store.execute(f"INSERT INTO seen_{day} VALUES (?)", (mark(1, name),))
    schema.migrate(store)
    ids = RepeatedIds()
    ids.load(store)
    assert [ids.known(store, mark(1, name), now) for name in ("old", "new", "other")] == [True, True, False]
    assert store.execute("SELECT name FROM sqlite_schema WHERE name GLOB 'seen_2*'").fetchall() == []


def test_a_store_of_schema_4_learns_which_silences_were_told(tmp_path: Path) -> None:
    store = at_version(tmp_path / "boardwalk.db", 4)
    store.execute("INSERT INTO device (name, added_at, last_seen_at) VALUES ('till-1', 5, 7)")
    schema.migrate(store)
    assert silences.told(store) == {}
    rule = Rule(name="outage", silent="15m", to="a@b.c")
    silences.tell(store, [Match(rule, "silent:till-1:8", "a@b.c", 0, {"at": 9})], [Heard("till-1", 8)], 9)
    assert silences.told(store) == {"outage": {"till-1": 8}}
    assert store.execute("SELECT name, last_seen_at FROM device").fetchall() == [("till-1", 8)]


def test_a_store_of_schema_5_keeps_its_customers_and_totals_and_finds_them_by_any_case(
    tmp_path: Path,
) -> None:
    store = at_version(tmp_path / "boardwalk.db", 5)
    store.execute("INSERT INTO customer VALUES (1, 'Käthe', NULL, 5)")
    store.execute("INSERT INTO total VALUES (7, 1, 2, 300)")
    store.execute("INSERT INTO fold VALUES ('ranking:orders', '{}', 0)")
    schema.migrate(store)
    assert [one.name for one in customers.matching(store, "KÄT", 9)] == ["Käthe"]
    assert store.execute("SELECT * FROM total").fetchall() == [(7, 1, 2, 300)]
    assert checkpoints.known(store)["ranking:orders"] == ("{}", 0)
    assert (checkpoints.begun(store), list(standings.everything(store))) == ({}, [])


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    store = at_version(tmp_path / "boardwalk.db", 0)
    schema.migrate(store)
    tables = store.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
    schema.migrate(store)
    assert store.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall() == tables
