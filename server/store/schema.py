"""The tables, as numbered migrations by `PRAGMA user_version`."""

import secrets
import sqlite3
import time

from server.errors import StoreDamaged

MIGRATIONS = [
    """
    -- what the store knows of itself: generation (random, new at creation and at every restore), created_at
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    CREATE TABLE device (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        secret TEXT,              -- PBKDF2 as mosquitto writes it; NULL: sends by HTTP only, or revoked
        added_at INTEGER NOT NULL,
        revoked_at INTEGER,
        last_seen_at INTEGER,
        online INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT '{}',   -- JSON, the facts of wire.state
        conflict_at INTEGER       -- an event differed from the committed one of the same number
    );
    CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE customer (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, email TEXT, first_at INTEGER NOT NULL
    );
    CREATE TABLE term (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);  -- values that are ranked

    -- the append-only log: rowid order, no index, no UNIQUE; `cursor` is the dedupe
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        device INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        customer INTEGER,
        at INTEGER NOT NULL,          -- best known time
        received_at INTEGER NOT NULL,
        clock_at INTEGER NOT NULL,    -- what the board's clock said, 0 for none
        quality INTEGER NOT NULL,     -- of that clock: wire.event.QUALITIES
        boot INTEGER NOT NULL,
        uptime_ms INTEGER NOT NULL,
        fields BLOB NOT NULL          -- msgpack map without the customer
    );
    CREATE TABLE cursor (
        device INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        acked INTEGER NOT NULL,
        crcs BLOB NOT NULL,           -- CRC32 of the latest events, 4 bytes each, newest last
        boot INTEGER NOT NULL,        -- boot, uptime and best time of the newest event
        uptime_ms INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (device, epoch)
    ) WITHOUT ROWID;
    CREATE TABLE reject (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        epoch INTEGER,
        seq INTEGER,
        reason TEXT NOT NULL,
        payload BLOB NOT NULL,
        received_at INTEGER NOT NULL
    );

    -- checkpoints: the folds of the log up to event `through`
    CREATE TABLE score (
        ranking TEXT NOT NULL,
        bucket INTEGER NOT NULL,      -- day since 1970 in the site's zone; -1: all time
        key INTEGER NOT NULL,
        score INTEGER NOT NULL,
        PRIMARY KEY (ranking, bucket, key)
    ) WITHOUT ROWID;
    CREATE TABLE rule_count (
        rule TEXT NOT NULL, customer INTEGER NOT NULL, count INTEGER NOT NULL,
        PRIMARY KEY (rule, customer)
    ) WITHOUT ROWID;
    CREATE TABLE total (
        hour INTEGER NOT NULL,        -- hours since 1970 UTC, or as the fold totals:hours says
        kind INTEGER NOT NULL, count INTEGER NOT NULL, cents INTEGER NOT NULL,
        PRIMARY KEY (hour, kind)
    ) WITHOUT ROWID;
    CREATE TABLE fold (               -- rankings and rules that are known, and since which event
        name TEXT PRIMARY KEY,        -- ranking:orders, rule:thanks
        spec TEXT NOT NULL,
        since INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), through INTEGER NOT NULL);
    INSERT INTO checkpoint VALUES (1, 0);

    CREATE TABLE mail (
        id INTEGER PRIMARY KEY,
        rule TEXT NOT NULL,
        key TEXT NOT NULL,            -- device/epoch/seq of the event, or the period of a digest
        recipient TEXT NOT NULL,      -- '' when nobody knows an address
        state TEXT NOT NULL,
        template TEXT NOT NULL,
        policy TEXT NOT NULL,
        facts TEXT NOT NULL,          -- JSON, for the template
        matches INTEGER NOT NULL DEFAULT 1,
        attempt INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        not_before_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        message_id TEXT,
        reason TEXT,
        UNIQUE (rule, key, recipient)
    );
    CREATE INDEX mail_open ON mail (not_before_at) WHERE state IN ('pending', 'sending', 'unknown', 'held');
    CREATE TABLE mailbox (            -- what the local mailer delivered
        id INTEGER PRIMARY KEY, mail INTEGER NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL,
        text TEXT NOT NULL, html TEXT NOT NULL, sent_at INTEGER NOT NULL
    );

    CREATE TABLE chunk (
        id INTEGER PRIMARY KEY,
        pk TEXT NOT NULL,
        sk TEXT NOT NULL,
        body BLOB,                    -- dropped some time after it was sent
        events INTEGER NOT NULL,
        first_at INTEGER NOT NULL,
        sealed_at INTEGER NOT NULL,
        sent_at INTEGER,
        UNIQUE (pk, sk)
    );
    CREATE INDEX chunk_unsent ON chunk (id) WHERE sent_at IS NULL;
    CREATE TABLE sealed (one INTEGER PRIMARY KEY CHECK (one = 1), through INTEGER NOT NULL);
    INSERT INTO sealed VALUES (1, 0);

    CREATE TABLE staff (
        id INTEGER PRIMARY KEY,
        email TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
        password TEXT,                -- argon2id; NULL until the invitation is used
        added_at INTEGER NOT NULL,
        removed_at INTEGER
    );
    CREATE TABLE session (
        id TEXT PRIMARY KEY,          -- 128 random bits, in the JWT
        staff INTEGER NOT NULL REFERENCES staff (id),
        created_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        ended_at INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE link (               -- one-time sign-in links and invitations
        hash BLOB PRIMARY KEY,        -- SHA-256 of the token
        staff INTEGER REFERENCES staff (id),   -- NULL: whoever opens it becomes the first admin
        quick INTEGER NOT NULL DEFAULT 0,      -- 1: signs in without a password to be chosen
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        used_at INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE token (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        hash BLOB NOT NULL,           -- SHA-256; the token has 256 random bits
        scopes TEXT NOT NULL,         -- of ingest, read, admin, joined by a space
        added_at INTEGER NOT NULL,
        used_at INTEGER,
        revoked_at INTEGER
    );
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL,
        action TEXT NOT NULL, detail TEXT NOT NULL
    );
    """,
    """
    -- indexes for reading, built behind the log: (noun, event), up to event `through`
    CREATE TABLE event_by_device (device INTEGER, id INTEGER, PRIMARY KEY (device, id)) WITHOUT ROWID;
    CREATE TABLE event_by_kind (kind INTEGER, id INTEGER, PRIMARY KEY (kind, id)) WITHOUT ROWID;
    CREATE TABLE event_by_customer (
        customer INTEGER, id INTEGER, PRIMARY KEY (customer, id)
    ) WITHOUT ROWID;
    CREATE TABLE event_by_time (at INTEGER, id INTEGER, PRIMARY KEY (at, id)) WITHOUT ROWID;
    CREATE TABLE indexed (one INTEGER PRIMARY KEY CHECK (one = 1), through INTEGER NOT NULL);
    INSERT INTO indexed VALUES (1, 0);
    """,
    """
    -- what posts with an Idempotency-Key were answered, for 24 h; written with their events
    CREATE TABLE answer (
        number INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        nth INTEGER NOT NULL,         -- of the source, rising
        key BLOB NOT NULL,            -- hash of the key
        body BLOB NOT NULL,           -- hash of the decompressed body
        answer BLOB NOT NULL,         -- the bytes that were told
        at INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX answer_by_key ON answer (source, key);
    CREATE UNIQUE INDEX answer_by_nth ON answer (source, nth);
    CREATE INDEX answer_by_time ON answer (at);
    """,
    """
    -- hashes of the ids of foreign clients (store.repeated_ids): the newest as they came, the others in runs
    CREATE TABLE seen_newest (mark BLOB NOT NULL, day INTEGER NOT NULL);
    CREATE TABLE seen_mark (run INTEGER NOT NULL, mark BLOB NOT NULL, PRIMARY KEY (run, mark)) WITHOUT ROWID;
    CREATE TABLE seen_run (run INTEGER PRIMARY KEY, day INTEGER NOT NULL);   -- days since 1970 UTC
    CREATE TABLE seen_sieve (         -- of 64 runs each, as it was when run `through` was sealed
        number INTEGER PRIMARY KEY, through INTEGER NOT NULL, slots BLOB NOT NULL
    );
    """,
    """
    -- of which silence of a device a mail of a rule has told: that since it was last heard
    CREATE TABLE silence (
        rule TEXT NOT NULL, device TEXT NOT NULL, heard_at INTEGER NOT NULL,
        PRIMARY KEY (rule, device)
    ) WITHOUT ROWID;
    """,
    """
    -- customers are found by a part of their name, whatever its case; mails by their customer; both are
    -- built behind the log, as above, mails up to mail `mail`
    CREATE TABLE customer_text (id INTEGER PRIMARY KEY, folded TEXT NOT NULL);
    INSERT INTO customer_text SELECT id, casefold(name) FROM customer;
    CREATE INDEX customer_by_text ON customer_text (folded);
    CREATE TABLE mail_by_customer (customer TEXT, mail INTEGER, PRIMARY KEY (customer, mail)) WITHOUT ROWID;
    ALTER TABLE indexed ADD COLUMN mail INTEGER NOT NULL DEFAULT 0;
    """,
    """
    -- how rankings stood at full hours of the site, for a day
    CREATE TABLE standing (
        ranking TEXT NOT NULL,
        window TEXT NOT NULL,
        at INTEGER NOT NULL,
        keys BLOB NOT NULL,           -- the best first, 4 bytes each, little-endian
        PRIMARY KEY (ranking, window, at)
    );
    """,
    """
    -- how hours of totals are numbered: ms of one, and by how much it begins before an hour of UTC
    INSERT INTO fold VALUES ('totals:hours', '[3600000, 0]', 0);
    """,
    """
    -- when the oldest event came that a fold could count, where the log did not begin with the first one
    ALTER TABLE fold ADD COLUMN since_at INTEGER;
    """,
    """
    -- what staff call a device, and where it stands; and in how many minutes of each hour it was heard
    ALTER TABLE device ADD COLUMN label TEXT NOT NULL DEFAULT '';
    ALTER TABLE device ADD COLUMN place TEXT NOT NULL DEFAULT '';
    CREATE TABLE beat (
        device TEXT NOT NULL,
        day INTEGER NOT NULL,         -- days since 1970 UTC
        hours BLOB NOT NULL,          -- 24 bytes: minutes heard, 0 to 60
        PRIMARY KEY (device, day)
    ) WITHOUT ROWID;
    """,
]  # fmt: skip


def migrate(connection: sqlite3.Connection, to: int = len(MIGRATIONS)) -> None:
    """Bring a store to schema `to`, the newest one if not told; one transaction per step.

    Raises StoreDamaged for a store of a newer Boardwalk.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StoreDamaged(
            f"The store was written by a newer Boardwalk (schema {version}, this one knows "
            f"{len(MIGRATIONS)}); update Boardwalk."
        )
    know_casefold(connection)
    for number in range(version, to):
        more = MORE[number](connection) if number in MORE else ""
        statements = MIGRATIONS[number] + more
        connection.executescript(f"BEGIN IMMEDIATE; {statements}; PRAGMA user_version = {number + 1}; COMMIT")


def know_casefold(connection: sqlite3.Connection) -> None:
    """Give SQL the function casefold(text)."""
    connection.create_function("casefold", 1, str.casefold, deterministic=True)


def _birth(_: sqlite3.Connection) -> str:
    """The facts of a new store: its generation, and when it was made."""
    return (
        f"INSERT INTO meta VALUES ('generation', '{secrets.token_hex(8)}'), "
        f"('created_at', '{time.time_ns() // 1_000_000}')"
    )


def _runs_of_days(connection: sqlite3.Connection) -> str:
    """Ids were kept in one table per day (`seen_20412`) before; each becomes a run."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'seen_[0-9]*' ORDER BY name"
    ).fetchall()
    return "".join(
        f"INSERT INTO seen_mark SELECT {run}, mark FROM {table} ORDER BY mark; "
        f"INSERT INTO seen_run VALUES ({run}, {int(table.removeprefix('seen_'))}); DROP TABLE {table}; "
        for run, (table,) in enumerate(rows)
    )


MORE = {0: _birth, 3: _runs_of_days}  # by migration: statements that depend on the store
