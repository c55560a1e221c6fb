"""Jobs and cron lines in Redis, in Redis' time. What changes them is `scripts/jobs.lua`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
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
from .link import RedisLink

PAGE = 500
"""Jobs read in one trip."""


class RedisJobs:
    """The queue of all processes that use the server.

    *own_time* False: `now` is believed, instead of asking Redis (for tests).
    """

    is_shared = True

    def __init__(
        self,
        link: RedisLink,
        lease_seconds: float = LEASE_SECONDS,
        *,
        own_time: bool = True,
        max_finished: int = MAX_FINISHED,
        max_dead: int = MAX_DEAD,
        max_listed: int = MAX_LISTED,
    ) -> None:
        self._link = link
        self._own_time = own_time
        self.lease_seconds = lease_seconds
        self._max_finished = max_finished
        self._max_dead = max_dead
        self._max_listed = max_listed

    async def _run(self, verb: str, *arguments: Any, now: float | None = None) -> Any:
        time = "" if now is None or self._own_time else f"{now:.6f}"
        return await self._link.run("jobs", [self._link.key("jobs", "")], verb, time, *arguments)

    def _key(self, name: str) -> str:
        return self._link.key("jobs", name)

    async def add(self, job: Job) -> None:
        await self._run("add", *_fields(job))

    async def take(self, now: float) -> Job | None:
        bounds = (MAX_LOSSES, LOST_TEXT, self._max_dead)
        fields = await self._run("take", uuid4().hex, self.lease_seconds, *bounds, now=now)
        return _job(dict(zip(fields[::2], fields[1::2], strict=True))) if fields else None

    async def extend(self, job: Job, now: float) -> bool:
        return bool(await self._run("extend", job.id, job.lease, self.lease_seconds, now=now))

    async def next_at(self) -> float | None:
        due = await self._run("next_at")
        return None if due is None else float(due)

    async def finish(self, job: Job) -> bool:
        most = self._max_dead if job.status == "failed" else self._max_finished
        ended = (job.id, job.lease, job.status, _or_empty(job.error), most)
        return bool(await self._run("finish", *ended))

    async def again(self, job: Job, at: float) -> bool:
        later = (job.id, job.lease, f"{at:.6f}", _or_empty(job.error))
        return bool(await self._run("again", *later))

    async def release(self, job: Job) -> bool:
        return bool(await self._run("release", job.id, job.lease))

    async def revive(self, job_id: str, at: float) -> bool:
        return bool(await self._run("revive", job_id, f"{at:.6f}"))

    async def cancel(self, job_id: str) -> bool:
        return bool(await self._run("cancel", job_id, self._max_finished))

    async def list(self, queue: str | None = None, status: str | None = None) -> Sequence[Job]:
        listed: list[tuple[int, Job]] = []
        async for number, job in self._jobs("dead" if status == "failed" else "all"):
            if queue in (None, job.queue) and status in (None, job.status):
                listed.append((number, job))
                if len(listed) == self._max_listed:
                    break
        return [job for _, job in sorted(listed, key=lambda pair: pair[0])]

    async def _jobs(self, index: str) -> AsyncIterator[tuple[int, Job]]:
        start = 0
        while True:
            ids = await self._link.call("ZRANGE", self._key(index), start, start + PAGE - 1)
            asked = [("HGETALL", self._key(f"job:{job_id}")) for job_id in ids]
            for fields in await self._link.each(asked) if asked else ():
                if fields:  # else it was forgotten meanwhile
                    yield int(fields["number"]), _job(fields)
            if len(ids) < PAGE:
                return
            start += PAGE

    async def counts(self) -> Mapping[str, int]:
        counts = await self._link.call("HGETALL", self._key("counts"))
        return {status: int(count) for status, count in counts.items() if int(count)}

    async def queues(self) -> Sequence[str]:
        return sorted(await self._link.call("HKEYS", self._key("queues")))

    async def declare(self, lines: Sequence[Line]) -> None:
        await self._run("declare", *(part for line in lines for part in _line_fields(line)))

    async def schedule(self, line: Line) -> None:
        await self._run("schedule", *_line_fields(line))

    async def unschedule(self, name: str) -> bool:
        return bool(await self._run("unschedule", name))

    async def lines(self) -> Sequence[Line]:
        names = sorted(await self._link.call("SMEMBERS", self._key("lines")))
        asked = [("HGETALL", self._key(f"line:{name}")) for name in names]
        rows = await self._link.each(asked) if asked else []
        return [_line(fields) for fields in rows if fields]

    async def claim(self, line: Line, next_at: float, job: Job) -> bool:
        change = (line.name, line.line, f"{line.next_at:.6f}", f"{next_at:.6f}")
        return bool(await self._run("claim", *change, *_fields(job)))


def _or_empty(text: str | None) -> str:
    return "" if text is None else text


def _fields(job: Job) -> tuple[Any, ...]:
    return (
        job.id,
        job.name,
        encode(job.args),
        f"{job.run_at:.6f}",
        job.queue,
        job.priority,
        job.max_retries,
        job.attempts,
        _or_empty(job.error),
        _or_empty(job.cron),
        job.losses,
    )


def _job(fields: Mapping[str, str]) -> Job:
    return Job(
        id=fields["id"],
        name=fields["name"],
        args=decode(fields["args"]),
        run_at=float(fields["run_at"]),
        queue=fields["queue"],
        priority=int(fields["priority"]),
        max_retries=int(fields["max_retries"]),
        attempts=int(fields["attempts"]),
        status=fields["status"],
        error=fields["error"] or None,
        cron=fields["cron"] or None,
        losses=int(fields["losses"]),
        lease=fields["lease"],
    )


def _line_fields(line: Line) -> tuple[Any, ...]:
    kept = (line.name, line.line, line.job, encode(line.args))
    return (*kept, f"{line.next_at:.6f}", int(line.is_declared))


def _line(fields: Mapping[str, str]) -> Line:
    return Line(
        name=fields["name"],
        line=fields["line"],
        job=fields["job"],
        args=decode(fields["args"]),
        next_at=float(fields["next_at"]),
        is_declared=fields["is_declared"] == "1",
    )
