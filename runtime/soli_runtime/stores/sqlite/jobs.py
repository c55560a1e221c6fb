"""Jobs and cron lines in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from uuid import uuid4

from soli_stdlib.json.text import decode, encode

from ...jobs.queue import (
    LEASE_SECONDS,
    LOST_TEXT,
    MAX_DEAD,
    MAX_FINISHED,
    MAX_LISTED,
    MAX_LOSSES,
    Job,
    Line,
)
from .database import Database

_COLUMNS = (
    "id, name, args, run_at, queue, priority, max_retries, attempts, status, error, cron, losses, "
    "lease"
)
# The planner prefers the index of all jobs of a status, and would sort them for each question:
# hence INDEXED BY.
COME = 1000
"""Jobs whose time has come that are put in order at once."""

_NAMES = _COLUMNS.split(", ")
_MINE = "WHERE id = ? AND lease = ? AND status = 'running'"
"""A running job, as long as it belongs to who took it."""


class SqliteJobs:
    """The queue of all processes that use the file."""

    is_shared = True

    def __init__(
        self,
        database: Database,
        lease_seconds: float = LEASE_SECONDS,
        *,
        max_finished: int = MAX_FINISHED,
        max_dead: int = MAX_DEAD,
        max_listed: int = MAX_LISTED,
    ) -> None:
        self._database = database
        self.lease_seconds = lease_seconds
        self._max_finished = max_finished
        self._max_dead = max_dead
        self._max_listed = max_listed

    async def add(self, job: Job) -> None:
        await self._database.do(_add, job)

    async def take(self, now: float) -> Job | None:
        return await self._database.do(self._take, now)

    async def extend(self, job: Job, now: float) -> bool:
        return await self._database.do(_extend, job, now + self.lease_seconds)

    async def next_at(self) -> float | None:
        return await self._database.do(_next_at)

    async def finish(self, job: Job) -> bool:
        return await self._database.do(self._finish, job)

    async def again(self, job: Job, at: float) -> bool:
        return await self._database.do(_again, job, at)

    async def release(self, job: Job) -> bool:
        return await self._database.do(_release, job)

    async def revive(self, job_id: str, at: float) -> bool:
        return await self._database.do(_revive, job_id, at)

    async def cancel(self, job_id: str) -> bool:
        return await self._database.do(self._cancel, job_id)

    async def list(self, queue: str | None = None, status: str | None = None) -> Sequence[Job]:
        return await self._database.do(_list, queue, status, self._max_listed)

    async def counts(self) -> Mapping[str, int]:
        return await self._database.do(_counts)

    async def queues(self) -> Sequence[str]:
        return await self._database.do(_queues)

    async def declare(self, lines: Sequence[Line]) -> None:
        await self._database.do(_declare, lines)

    async def schedule(self, line: Line) -> None:
        await self._database.do(_schedule, line)

    async def unschedule(self, name: str) -> bool:
        return await self._database.do(_unschedule, name)

    async def lines(self) -> Sequence[Line]:
        return await self._database.do(_lines)

    async def claim(self, line: Line, next_at: float, job: Job) -> bool:
        return await self._database.do(_claim, line, next_at, job)

    def _take(self, db: sqlite3.Connection, _: float, now: float) -> Job | None:
        self._take_back(db, now)
        come = (
            "SELECT number FROM jobs INDEXED BY jobs_waiting"
            " WHERE status = 'queued' AND is_due = 0 AND run_at <= ?"
            " ORDER BY run_at LIMIT ?"
        )
        db.execute(f"UPDATE jobs SET is_due = 1 WHERE number IN ({come})", (now, COME))
        row = db.execute(
            "SELECT number FROM jobs INDEXED BY jobs_due WHERE status = 'queued' AND is_due = 1"
            " ORDER BY priority DESC, number LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        db.execute(
            "UPDATE jobs SET status = 'running', attempts = attempts + 1, lease = ?,"
            " lease_until = ? WHERE number = ?",
            (uuid4().hex, now + self.lease_seconds, row[0]),
        )
        return _jobs(db.execute(f"SELECT {_COLUMNS} FROM jobs WHERE number = ?", row))[0]

    def _take_back(self, db: sqlite3.Connection, now: float) -> None:
        """Queue jobs whose lease ended; those that were lost too often are dead."""
        rows = db.execute(
            "SELECT number, losses FROM jobs INDEXED BY jobs_running"
            " WHERE status = 'running' AND lease_until <= ?"
            " LIMIT ?",
            (now, COME),
        )
        for number, losses in rows.fetchall():
            if losses + 1 >= MAX_LOSSES:
                self._end(db, number, "failed", LOST_TEXT)
            else:
                db.execute(
                    "UPDATE jobs SET status = 'queued', is_due = 1, attempts = attempts - 1,"
                    " losses = losses + 1 WHERE number = ?",
                    (number,),
                )

    def _end(self, db: sqlite3.Connection, number: int, status: str, error: str | None) -> None:
        """Note how a job ended, and forget the oldest of its kind when there are too many."""
        (last,) = db.execute("SELECT ifnull(max(ended), 0) FROM jobs").fetchone()
        db.execute(
            "UPDATE jobs SET status = ?, error = ?, ended = ? WHERE number = ?",
            (status, error, last + 1, number),
        )
        is_dead = status == "failed"
        kind = "status = 'failed'" if is_dead else "status IN ('done', 'cancelled')"
        index = "jobs_dead" if is_dead else "jobs_ended"
        kept = self._max_dead if is_dead else self._max_finished
        db.execute(
            f"DELETE FROM jobs INDEXED BY {index} WHERE {kind} AND ended <="
            f" (SELECT ended FROM jobs INDEXED BY {index} WHERE {kind}"
            " ORDER BY ended DESC LIMIT 1 OFFSET ?)",
            (kept,),
        )

    def _finish(self, db: sqlite3.Connection, _: float, job: Job) -> bool:
        row = db.execute(f"SELECT number FROM jobs {_MINE}", (job.id, job.lease)).fetchone()
        if row is None:
            return False
        self._end(db, row[0], job.status, job.error)
        return True

    def _cancel(self, db: sqlite3.Connection, _: float, job_id: str) -> bool:
        row = db.execute(
            "SELECT number, error FROM jobs WHERE id = ? AND status = 'queued'", (job_id,)
        ).fetchone()
        if row is None:
            return False
        self._end(db, row[0], "cancelled", row[1])
        return True


def _jobs(rows: sqlite3.Cursor) -> list[Job]:
    found = (dict(zip(_NAMES, row, strict=True)) for row in rows)
    return [Job(**{**fields, "args": decode(fields["args"])}) for fields in found]


def _add(db: sqlite3.Connection, _: float, job: Job) -> None:
    db.execute(
        f"INSERT INTO jobs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, '')",
        (
            job.id,
            job.name,
            encode(job.args),
            job.run_at,
            job.queue,
            job.priority,
            job.max_retries,
            job.attempts,
            job.error,
            job.cron,
            job.losses,
        ),
    )


def _extend(db: sqlite3.Connection, _: float, job: Job, until: float) -> bool:
    changed = db.execute(f"UPDATE jobs SET lease_until = ? {_MINE}", (until, job.id, job.lease))
    return changed.rowcount > 0


def _next_at(db: sqlite3.Connection, _: float) -> float | None:
    due = (
        "SELECT run_at FROM jobs INDEXED BY jobs_due WHERE status = 'queued' AND is_due = 1 LIMIT 1"
    )
    row = db.execute(due).fetchone()
    if row is not None:
        return float(row[0])
    waiting = (
        "SELECT min(run_at) FROM jobs INDEXED BY jobs_waiting"
        " WHERE status = 'queued' AND is_due = 0"
    )
    running = "SELECT min(lease_until) FROM jobs INDEXED BY jobs_running WHERE status = 'running'"
    times = [db.execute(query).fetchone()[0] for query in (waiting, running)]
    return min((time for time in times if time is not None), default=None)


def _again(db: sqlite3.Connection, _: float, job: Job, at: float) -> bool:
    changed = db.execute(
        f"UPDATE jobs SET status = 'queued', is_due = 0, run_at = ?, error = ? {_MINE}",
        (at, job.error, job.id, job.lease),
    )
    return changed.rowcount > 0


def _release(db: sqlite3.Connection, _: float, job: Job) -> bool:
    changed = db.execute(
        f"UPDATE jobs SET status = 'queued', is_due = 1, attempts = attempts - 1 {_MINE}",
        (job.id, job.lease),
    )
    return changed.rowcount > 0


def _revive(db: sqlite3.Connection, _: float, job_id: str, at: float) -> bool:
    changed = db.execute(
        "UPDATE jobs SET status = 'queued', is_due = 0, run_at = ?, attempts = 0, losses = 0,"
        " ended = NULL WHERE id = ? AND status IN ('failed', 'cancelled')",
        (at, job_id),
    )
    return changed.rowcount > 0


def _list(
    db: sqlite3.Connection, _: float, queue: str | None, status: str | None, most: int
) -> Sequence[Job]:
    tests = [(f"{name} = ?", value) for name, value in (("queue", queue), ("status", status))]
    given = [(test, value) for test, value in tests if value is not None]
    where = " AND ".join(test for test, _ in given) or "1"
    values = [value for _, value in given]
    query = f"SELECT {_COLUMNS} FROM jobs WHERE {where} ORDER BY number LIMIT ?"
    return _jobs(db.execute(query, (*values, most)))


def _counts(db: sqlite3.Connection, _: float) -> Mapping[str, int]:
    return dict(db.execute("SELECT status, count(*) FROM jobs GROUP BY status").fetchall())


def _queues(db: sqlite3.Connection, _: float) -> Sequence[str]:
    rows = db.execute("SELECT queue FROM jobs GROUP BY queue ORDER BY min(number)")
    return [queue for (queue,) in rows]


def _declare(db: sqlite3.Connection, _: float, lines: Sequence[Line]) -> None:
    names = {line.name for line in lines}
    for (name,) in db.execute("SELECT name FROM lines WHERE is_declared").fetchall():
        if name not in names:
            db.execute("DELETE FROM lines WHERE name = ?", (name,))
    for line in lines:
        same = (line.name, line.line, line.job, encode(line.args))
        query = "SELECT 1 FROM lines WHERE name = ? AND line = ? AND job = ? AND args = ?"
        if db.execute(query, same).fetchone() is None:
            _schedule(db, 0.0, line)


def _schedule(db: sqlite3.Connection, _: float, line: Line) -> None:
    values = (line.name, line.line, line.job, encode(line.args), line.next_at, line.is_declared)
    db.execute("INSERT OR REPLACE INTO lines VALUES (?, ?, ?, ?, ?, ?)", values)


def _unschedule(db: sqlite3.Connection, _: float, name: str) -> bool:
    return db.execute("DELETE FROM lines WHERE name = ?", (name,)).rowcount > 0


def _lines(db: sqlite3.Connection, _: float) -> Sequence[Line]:
    rows = db.execute("SELECT name, line, job, args, next_at, is_declared FROM lines ORDER BY name")
    return [
        Line(name, line, job, decode(args), next_at, bool(is_declared))
        for name, line, job, args, next_at, is_declared in rows
    ]


def _claim(db: sqlite3.Connection, _: float, line: Line, next_at: float, job: Job) -> bool:
    changed = db.execute(
        "UPDATE lines SET next_at = ? WHERE name = ? AND line = ? AND next_at = ?",
        (next_at, line.name, line.line, line.next_at),
    )
    if changed.rowcount == 0:
        return False
    _add(db, 0.0, job)
    return True
