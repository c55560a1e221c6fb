"""The tables of a store in SQLite, and how one version becomes the next.

A file's version is its `user_version`: the number of `MIGRATIONS` that it has been through. To
change a table, append a migration; never edit one that was released.
"""

from __future__ import annotations

import sqlite3

from ..errors import UNFIT, CannotOpen

APPLICATION_ID = 0x536F6C69
"""`Soli` in ASCII, in the header of the file."""

_FIRST = """
CREATE TABLE sessions (id TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX sessions_expires ON sessions (expires);
CREATE TABLE session_values (
  id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, key)
) WITHOUT ROWID;

CREATE TABLE keys (
  key TEXT PRIMARY KEY, kind TEXT NOT NULL, text TEXT, expires REAL,
  first INTEGER NOT NULL DEFAULT 0, count INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX keys_expires ON keys (expires) WHERE expires IS NOT NULL;
CREATE TABLE members (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL, name TEXT NOT NULL, text TEXT, score REAL
);
CREATE UNIQUE INDEX members_name ON members (key, name);
CREATE INDEX members_score ON members (key, score, name) WHERE score IS NOT NULL;
CREATE TABLE places (
  key TEXT NOT NULL, place INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (key, place)
) WITHOUT ROWID;

CREATE TABLE cache (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL, size INTEGER NOT NULL,
  expires REAL NOT NULL
);
CREATE INDEX cache_expires ON cache (expires);
CREATE TABLE totals (name TEXT PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL)
  WITHOUT ROWID;
INSERT INTO totals VALUES ('cache', 0, 0), ('attempts', 0, 0), ('sessions', 0, 0);
CREATE TRIGGER cache_in AFTER INSERT ON cache BEGIN
  UPDATE totals SET count = count + 1, bytes = bytes + NEW.size WHERE name = 'cache';
END;
CREATE TRIGGER cache_out AFTER DELETE ON cache BEGIN
  UPDATE totals SET count = count - 1, bytes = bytes - OLD.size WHERE name = 'cache';
END;
CREATE TRIGGER sessions_in AFTER INSERT ON sessions BEGIN
  UPDATE totals SET count = count + 1 WHERE name = 'sessions';
END;
CREATE TRIGGER sessions_out AFTER DELETE ON sessions BEGIN
  UPDATE totals SET count = count - 1 WHERE name = 'sessions';
END;

CREATE TABLE attempts (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL, made REAL NOT NULL, until REAL NOT NULL
);
CREATE INDEX attempts_made ON attempts (key, made);
CREATE INDEX attempts_until ON attempts (until);
CREATE TRIGGER attempts_in AFTER INSERT ON attempts BEGIN
  UPDATE totals SET count = count + 1 WHERE name = 'attempts';
END;
CREATE TRIGGER attempts_out AFTER DELETE ON attempts BEGIN
  UPDATE totals SET count = count - 1 WHERE name = 'attempts';
END;

CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  args TEXT NOT NULL, run_at REAL NOT NULL, queue TEXT NOT NULL, priority INTEGER NOT NULL,
  max_retries INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL,
  error TEXT, cron TEXT, losses INTEGER NOT NULL DEFAULT 0, lease TEXT NOT NULL DEFAULT '',
  lease_until REAL, is_due INTEGER NOT NULL DEFAULT 0, ended INTEGER
);
CREATE INDEX jobs_waiting ON jobs (run_at) WHERE status = 'queued' AND is_due = 0;
CREATE INDEX jobs_due ON jobs (priority DESC, number) WHERE status = 'queued' AND is_due = 1;
CREATE INDEX jobs_running ON jobs (lease_until) WHERE status = 'running';
CREATE INDEX jobs_dead ON jobs (ended) WHERE status = 'failed';
CREATE INDEX jobs_ended ON jobs (ended) WHERE status IN ('done', 'cancelled');
CREATE INDEX jobs_order ON jobs (ended);
CREATE INDEX jobs_status ON jobs (status, number);
CREATE INDEX jobs_queue ON jobs (queue, number);
CREATE TABLE lines (
  name TEXT PRIMARY KEY, line TEXT NOT NULL, job TEXT NOT NULL, args TEXT NOT NULL,
  next_at REAL NOT NULL, is_declared INTEGER NOT NULL
) WITHOUT ROWID;
"""

_HISTORY = """
CREATE TABLE kept_life (
  id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, place INTEGER NOT NULL, ended TEXT
);
CREATE TABLE kept_rooms (room BLOB PRIMARY KEY, floor INTEGER NOT NULL, latest INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE kept (
  room BLOB NOT NULL, place INTEGER NOT NULL, at REAL NOT NULL, is_text INTEGER NOT NULL,
  data BLOB NOT NULL, PRIMARY KEY (room, place)
);
"""

_STATES = """
CREATE TABLE room_states (
  room BLOB PRIMARY KEY, first INTEGER NOT NULL, base INTEGER NOT NULL, version INTEGER NOT NULL,
  weight INTEGER NOT NULL, bytes INTEGER NOT NULL, ends REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX room_states_ends ON room_states (ends);
CREATE TABLE room_bases (room BLOB PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE room_changes (
  room BLOB NOT NULL, version INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (room, version)
);
CREATE TABLE room_turns (
  number INTEGER PRIMARY KEY, room BLOB NOT NULL, name TEXT NOT NULL, seconds REAL NOT NULL,
  until REAL NOT NULL, asked REAL NOT NULL, UNIQUE (room, name)
);
INSERT INTO totals VALUES ('room_states', 0, 0);
CREATE TRIGGER room_states_in AFTER INSERT ON room_states BEGIN
  UPDATE totals SET count = count + 1, bytes = bytes + NEW.bytes WHERE name = 'room_states';
END;
CREATE TRIGGER room_states_new AFTER UPDATE OF bytes ON room_states BEGIN
  UPDATE totals SET bytes = bytes + NEW.bytes - OLD.bytes WHERE name = 'room_states';
END;
CREATE TRIGGER room_states_out AFTER DELETE ON room_states BEGIN
  UPDATE totals SET count = count - 1, bytes = bytes - OLD.bytes WHERE name = 'room_states';
END;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _HISTORY, _STATES)


def migrate(db: sqlite3.Connection, path: str) -> None:
    """Bring the tables of *db* to this version, all or nothing. Raises CannotOpen."""
    db.execute("BEGIN EXCLUSIVE")  # of several processes one does it, the others find it done
    try:
        _migrate(db, path)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _migrate(db: sqlite3.Connection, path: str) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        if version or db.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
            raise CannotOpen(f"{path}: a database of something else, not a store of Soli", UNFIT)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    if version > len(MIGRATIONS):
        raise CannotOpen(
            f"{path}: a store of a newer Soli (version {version}; this one knows up to "
            f"{len(MIGRATIONS)}); nothing was changed",
            UNFIT,
        )
    for migration in MIGRATIONS[version:]:
        for statement in statements(migration):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def statements(text: str) -> list[str]:
    """The statements of *text*, so that they can run inside a transaction."""
    found, current = [], ""
    for line in text.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current.strip())
            current = ""
    return found
