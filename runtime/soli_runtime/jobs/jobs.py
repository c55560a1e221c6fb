"""Background jobs and schedules (docs/spec §L22.4): the builtins, and what runs the jobs.

A job class is any that has `perform`, static or not; one that is not is called on a new instance
each time. Such classes get `perform_later` and its kin when their declaration is run. Where jobs
are kept is the `JobStore`'s matter: in memory unless the host gives another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from soli_stdlib.ground import clock
from soli_stdlib.json.text import json_codec
from soli_stdlib.security import identifiers
from soli_stdlib.time.schedules import duration_seconds

from soli_lang.base.errors import SoliError, SoliPlainTypeError, SoliValueError
from soli_lang.base.records import Record, field
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.meaning.declared import check_arguments
from soli_lang.meaning.members import new_instance
from soli_lang.native.native import Any_, Array, String, function, native_class, static
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key, type_name
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Symbol, Value

from ..core.state.attempts import holds
from .cron import Cron, parse_cron
from .queue import (
    DEFAULT_QUEUE,
    DEFAULT_RETRIES,
    Answer,
    Job,
    JobStore,
    Line,
    MemoryJobs,
    Result,
)

WEBHOOK = "Webhook"
"""Name of the built-in job that posts JSON to a URL."""


class Schedule(Record):
    """A job class that is run again and again."""

    line: Line
    cron: Cron

    def to_hash(self) -> dict[str, Any]:
        line = self.line
        return {
            "name": line.name,
            "cron": line.line,
            "job": line.job,
            "args": line.args,
            "next_at": line.next_at,
        }


class Jobs(Record):
    """The jobs, job classes and schedules of one program."""

    store: JobStore = field(default_factory=MemoryJobs)
    classes: dict[str, SoliClass] = field(default_factory=dict)
    all_known: bool = False
    """Whether every file of the program has been run, so that no class is still to come."""
    schedules: dict[str, Schedule] = field(default_factory=dict)
    """The lines in the store, as far as this process knows."""
    is_served: bool = False
    """False while the program is loaded: its cron lines are the store's once it serves."""
    changed: Callable[[], None] = lambda: None
    """Called when there may be something to do earlier than before."""

    def serve(self, changed: Callable[[], None]) -> None:
        """A worker runs the jobs from now on; *changed* tells it that there may be work."""
        self.changed = changed
        self.is_served = True

    def know_all(self) -> None:
        """Every file of the program has been run."""
        self.all_known = True

    def keep_in(self, store: JobStore) -> None:
        """Keep the jobs there. Before the program's files run."""
        self.store = store

    def due_schedules(self, now: float) -> list[Schedule]:
        """Schedules that are due."""
        return [schedule for schedule in self.schedules.values() if schedule.line.next_at <= now]

    def next_schedule_at(self) -> float | None:
        """When the first schedule is due."""
        return min((schedule.line.next_at for schedule in self.schedules.values()), default=None)

    def load(self, lines: Sequence[Line]) -> list[str]:
        """Replace the schedules by *lines* of the store. The names of unreadable lines."""
        known, unreadable = self.schedules, []
        self.schedules = {}
        for line in lines:
            before = known.get(line.name)
            try:
                same = before is not None and before.line.line == line.line
                cron = before.cron if before is not None and same else parse_cron(line.line)
            except SoliValueError:
                unreadable.append(line.name)
                continue
            self.schedules[line.name] = Schedule(line, cron)
        return unreadable


_JOBS: MachineKey[Jobs] = MachineKey("soli_runtime.jobs")


def jobs_of(machine: Machine) -> Jobs:
    """The jobs of the program that runs on *machine*."""
    jobs = machine.library.get(_JOBS)
    if jobs is None:
        jobs = machine.library[_JOBS] = Jobs()
    return jobs


def wait_in_program(machine: Machine, answer: Answer[Result], user: str = "Job") -> Result:
    """The result of the job store; suspends the program if that takes time."""
    if isinstance(answer, Awaitable):
        return machine.suspend(answer, user)  # type: ignore[no-any-return]
    return answer


def next_time(cron: Cron, now: float) -> float:
    """Unix seconds of the next time that *cron* allows, in UTC; infinity when there is none."""
    moment = cron.next_after(datetime.fromtimestamp(now, UTC))
    return moment.timestamp() if moment is not None else float("inf")


def watch_classes(machine: Machine) -> None:
    """Make every class with `perform` a job class when it is declared."""
    machine.tell_of_classes(partial(_note_class, machine))


def _note_class(machine: Machine, klass: SoliClass) -> None:
    """Make a class that can perform a job class, by its name."""
    if klass.is_module or not _can_perform(klass):
        return
    jobs_of(machine).classes[klass.name] = klass
    methods = native_class(machine, "Job").statics
    for name in _WAYS:
        method_name = _WAYS[name][0]
        if klass.find_static(method_name) is None and method_name in methods:
            klass.statics[method_name] = methods[method_name]


def _can_perform(klass: SoliClass) -> bool:
    return klass.find_static("perform") is not None or klass.find_method("perform") is not None


def perform(machine: Machine, name: str, args: Value) -> Value:
    """Run a job's code now. Raises SoliError."""
    if name == WEBHOOK:
        from ..http.client.requests import http_post_json

        return http_post_json(machine, args["url"], args["payload"], args.get("options"))
    klass = _job_class(machine, name)
    method = klass.find_static("perform")
    if method is not None:
        check_arguments(machine, method, (args,))
        return machine.callback(method.bind(klass), 1)(args)
    method = klass.find_method("perform")
    check_arguments(machine, method, (args,))
    return machine.callback(method.bind(new_instance(klass, [], None)), 1)(args)


def _job_class(machine: Machine, name: str) -> SoliClass:
    """The job class *name*. Raises SoliError, which names those there are."""
    classes = jobs_of(machine).classes
    klass = classes.get(name)
    if klass is None:
        known = ", ".join(sorted(classes)) or "none (a job class is one with `perform`)"
        raise SoliError(f"there is no job class '{name}'", hint=f"job classes: {known}")
    return klass


def _check_name(machine: Machine, name: str) -> None:
    """Refuse a job without a class, once all files of the program have run."""
    if name != WEBHOOK and jobs_of(machine).all_known:
        _job_class(machine, name)


# --- making jobs -------------------------------------------------------------------------------


def _now(machine: Machine) -> float:
    return clock.of(machine).now()


def _new_job(machine: Machine, name: str, args: Value, options: Value, run_at: float) -> str:
    """Its id; null to the program if it waits until the event that is handled is committed."""
    _check_name(machine, name)
    codec = json_codec(machine)
    chosen: dict[str, Value] = {}
    if isinstance(options, str | Symbol):
        chosen["queue"] = options
    elif isinstance(options, dict):
        chosen = {_name(from_key(key)): value for key, value in options.items()}
    elif options is not None:
        raise SoliPlainTypeError(
            f"job options: expected hash or queue name, got {type_name(options)}"
        )
    job = Job(
        identifiers.uuid_v4(machine),
        name,
        codec.decode(codec.encode(args)),
        run_at,
        queue=_name(chosen.get("queue", DEFAULT_QUEUE)),
        priority=_whole("priority", chosen.get("priority", 0)),
        max_retries=_whole("max_retries", chosen.get("max_retries", DEFAULT_RETRIES)),
    )
    jobs = jobs_of(machine)

    def add() -> None:
        wait_in_program(machine, jobs.store.add(job))
        jobs.changed()

    if holds(machine, "Job.enqueue", add):
        nothing: Any = None
        return nothing  # type: ignore[no-any-return]
    add()
    return job.id


def _name(value: Value) -> str:
    return value.name if isinstance(value, Symbol) else to_text(value)


def _whole(what: str, value: Value) -> int:
    if type(value) is not int:
        raise SoliPlainTypeError(f"job option {what}: expected int, got {type_name(value)}")
    return value


def _at(text: Value) -> float:
    """Unix seconds of an ISO date and time, a number, or a DateTime."""
    if type(text) in (int, float):
        return float(text)
    moment = getattr(text, "soli_order", None)
    if callable(moment):
        return float(moment())
    try:
        parsed = datetime.fromisoformat(to_text(text))
    except ValueError:
        raise SoliValueError(f"expected a date and time, got '{to_text(text)}'") from None
    return (parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)).timestamp()


def _later(machine: Machine, klass: SoliClass, args: Value = None, options: Value = None) -> str:
    return _new_job(machine, klass.name, args, options, _now(machine))


def _in(
    machine: Machine, klass: SoliClass, delay: Value, args: Value = None, options: Value = None
) -> str:
    at = _now(machine) + duration_seconds(delay)
    return _new_job(machine, klass.name, args, options, at)


def _on(
    machine: Machine, klass: SoliClass, moment: Value, args: Value = None, options: Value = None
) -> str:
    return _new_job(machine, klass.name, args, options, _at(moment))


def _inline(machine: Machine, klass: SoliClass, args: Value = None) -> Value:
    return perform(machine, klass.name, args)


def _scheduled(
    machine: Machine, klass: SoliClass, name: Value, line: Value, args: Value = None
) -> str:
    return _schedule(machine, _name(name), to_text(line), klass.name, args)


_WAYS: dict[str, tuple[str, Callable[..., Value]]] = {
    "later": ("perform_later", _later),
    "in": ("perform_in", _in),
    "at": ("perform_at", _on),
    "now": ("perform_now", _inline),
    "cron": ("schedule_cron", _scheduled),
}
"""What a job class can do, by the name that the prelude uses."""


@function("__job", Any_, String, Array)
def job_of_class(machine: Machine, klass: Value, way: str, arguments: list[Value]) -> Value:
    """What the methods of job classes do (see `prelude`)."""
    jobs_of(machine).classes.setdefault(klass.name, klass)
    return _WAYS[way][1](machine, klass, *arguments)


def _schedule(machine: Machine, name: str, line: str, job: str, args: Value) -> str:
    _check_name(machine, job)
    cron = parse_cron(line)
    jobs = jobs_of(machine)
    codec = json_codec(machine)
    next_at = next_time(cron, _now(machine))
    saved = Line(name, line, job, codec.decode(codec.encode(args)), next_at, not jobs.is_served)
    if jobs.is_served:
        wait_in_program(machine, jobs.store.schedule(saved), "Cron")
    jobs.schedules[name] = Schedule(saved, cron)
    jobs.changed()
    return name


# --- builtins ----------------------------------------------------------------------------------

_JOB = String("string job name")
_ID = String("string job id")


@static("Job", "enqueue", _JOB, Any_.optional(), Any_.optional())
def job_enqueue(machine: Machine, name: str, args: Value, options: Value) -> str:
    """Run a job class soon; returns the job's id."""
    return _new_job(machine, name, args, options, _now(machine))


@static("Job", "enqueue_in", Any_, _JOB, Any_.optional(), Any_.optional())
def job_enqueue_in(machine: Machine, delay: Value, name: str, args: Value, options: Value) -> str:
    """Run a job class after a duration."""
    return _new_job(machine, name, args, options, _now(machine) + duration_seconds(delay))


@static("Job", "enqueue_at", Any_, _JOB, Any_.optional(), Any_.optional())
def job_enqueue_at(machine: Machine, moment: Value, name: str, args: Value, options: Value) -> str:
    """Run a job class at a time."""
    return _new_job(machine, name, args, options, _at(moment))


@static("Job", "cancel", _ID)
def job_cancel(machine: Machine, job_id: str) -> bool:
    """Take a queued job back; false when it is not queued any more."""
    return wait_in_program(machine, jobs_of(machine).store.cancel(job_id))


@static("Job", "retry", _ID)
def job_retry(machine: Machine, job_id: str) -> bool:
    """Queue a failed or cancelled job again."""
    jobs = jobs_of(machine)
    if not wait_in_program(machine, jobs.store.revive(job_id, _now(machine))):
        return False
    jobs.changed()
    return True


@static("Job", "list", Any_.optional())
def job_list(machine: Machine, queue: Value) -> list[Value]:
    """The jobs of a queue, or all; at most 10,000."""
    return _listed(machine, queue)


@static("Job", "dead", Any_.optional())
def job_dead(machine: Machine, queue: Value) -> list[Value]:
    """The jobs (of a queue, or all) that failed for good; `Job.retry(id)` runs one again."""
    return _listed(machine, queue, "failed")


def _listed(machine: Machine, queue: Value, status: str | None = None) -> list[Value]:
    wanted = None if queue is None else _name(queue)
    jobs = wait_in_program(machine, jobs_of(machine).store.list(wanted, status))
    machine.spend(8 * len(jobs))
    return [job.to_hash() for job in jobs]


@static("Job", "queues")
def job_queues(machine: Machine) -> list[Value]:
    """The names of the queues that hold jobs."""
    return list(wait_in_program(machine, jobs_of(machine).store.queues()))


@static("Webhook", "enqueue", String("string url"), Any_.optional(), Any_.optional())
def webhook_enqueue(machine: Machine, url: str, payload: Value, options: Value) -> str:
    """Post JSON to a URL soon, again if it fails."""
    return _webhook(machine, url, payload, options, _now(machine))


@static("Webhook", "enqueue_in", Any_, String("string url"), Any_.optional(), Any_.optional())
def webhook_in(machine: Machine, delay: Value, url: str, payload: Value, options: Value) -> str:
    """Post JSON to a URL after a duration, again if it fails."""
    return _webhook(machine, url, payload, options, _now(machine) + duration_seconds(delay))


@static("Webhook", "enqueue_at", Any_, String("string url"), Any_.optional(), Any_.optional())
def webhook_at(machine: Machine, moment: Value, url: str, payload: Value, options: Value) -> str:
    """Post JSON to a URL at a time, again if it fails."""
    return _webhook(machine, url, payload, options, _at(moment))


@static("Webhook", "cancel", _ID)
def webhook_cancel(machine: Machine, job_id: str) -> bool:
    """Take a webhook back."""
    return wait_in_program(machine, jobs_of(machine).store.cancel(job_id), "Webhook")


@static("Webhook", "list")
def webhook_list(machine: Machine) -> list[Value]:
    """The webhooks that wait or have run."""
    jobs = wait_in_program(machine, jobs_of(machine).store.list("webhooks"), "Webhook")
    return [job.to_hash() for job in jobs if job.name == WEBHOOK]


def _webhook(machine: Machine, url: str, payload: Value, options: Value, at: float) -> str:
    machine.capabilities.require("network", "Webhook")
    args = {"url": url, "payload": payload, "options": options}
    return _new_job(machine, WEBHOOK, args, {"queue": "webhooks"}, at)


@static("Cron", "schedule", String("string name"), String("string cron"), Any_, Any_.optional())
def cron_schedule(machine: Machine, name: str, line: str, job: Value, args: Value) -> str:
    """Run a job class whenever the cron line says."""
    job_name = job.name if isinstance(job, SoliClass) else _name(job)
    return _schedule(machine, name, line, job_name, args)


@static("Cron", "list")
def cron_list(machine: Machine) -> list[Value]:
    """All schedules."""
    return [schedule.to_hash() for schedule in jobs_of(machine).schedules.values()]


@static("Cron", "update", String("string name"), String("string cron"))
def cron_update(machine: Machine, name: str, line: str) -> bool:
    """Give a schedule another cron line; false when there is none of that name."""
    known = jobs_of(machine).schedules.get(name)
    if known is None:
        return False
    _schedule(machine, name, line, known.line.job, known.line.args)
    return True


@static("Cron", "delete", String("string name"))
def cron_delete(machine: Machine, name: str) -> bool:
    """End a schedule; false when there is none of that name."""
    jobs = jobs_of(machine)
    known = jobs.schedules.pop(name, None) is not None
    if jobs.is_served:
        known = wait_in_program(machine, jobs.store.unschedule(name), "Cron") or known
    return known


def _new_id() -> str:
    from uuid import uuid4  # loads half a dozen modules that few scripts need

    return str(uuid4())


def scheduled_job(schedule: Schedule, now: float) -> tuple[float, Job]:
    """When a schedule that is due comes next, and its job of now."""
    line = schedule.line
    job = Job(_new_id(), line.job, line.args, now, cron=line.name, max_retries=0)
    return next_time(schedule.cron, now), job


def claim_due(machine: Machine) -> None:
    """Queue the jobs of the schedules that are due, where no worker does."""
    jobs, now = jobs_of(machine), _now(machine)
    for schedule in jobs.due_schedules(now):
        next_at, job = scheduled_job(schedule, now)
        wait_in_program(machine, jobs.store.add(job))
        schedule.line.advance(next_at)


def run_due(machine: Machine, ended: Callable[[Job, SoliError | None], None]) -> None:
    """Run what is due now, here and now: the end of a script that no server follows.

    Jobs for later are gone with the process when the queue is in memory. A queue that others
    work on is left to them.
    """
    store = jobs_of(machine).store
    if store.is_shared:
        return
    while (job := wait_in_program(machine, store.take(_now(machine)))) is not None:
        try:
            machine.guarded(perform, machine, job.name, job.args)
            job.status = "done"
            ended(job, None)
        except SoliError as error:
            job.status, job.error = "failed", error.message
            ended(job, error)
        wait_in_program(machine, store.finish(job))
