"""The builtins of jobs and cron lines, on a queue in memory."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.builtins.prelude import install_prelude
from soli_runtime.jobs.cron import parse_cron
from soli_runtime.jobs.jobs import jobs_of, next_time, perform, watch_classes

from soli_lang import Capabilities, Interpreter, SoliError
from soli_lang.base.errors import render

NOW = 1_700_000_000.0
MAIL = """
class MailJob
  static def perform(args)
    "mailed " + args["to"]
  end
end
"""


def run(program: str) -> tuple[Any, Interpreter]:
    """The value of *program*, at `NOW`."""
    interpreter = Interpreter(install_library, capabilities=Capabilities(clock=lambda: NOW))
    install_prelude(interpreter)
    watch_classes(interpreter.machine)
    return interpreter.run(MAIL + program), interpreter


def queued(interpreter: Interpreter) -> list[Any]:
    store: Any = jobs_of(interpreter.machine).store
    return list(store.list())


@pytest.mark.parametrize(
    ("call", "run_at"),
    [
        ('MailJob.perform_later({ "to": "ada" })', NOW),
        ('MailJob.perform_in("5 minutes", { "to": "ada" })', NOW + 300),
        ('Job.enqueue("MailJob", { "to": "ada" })', NOW),
        ('Job.enqueue_in(60, "MailJob", { "to": "ada" })', NOW + 60),
    ],
)
def test_a_job_waits_for_its_time(call: str, run_at: float) -> None:
    """However it was enqueued."""
    identifier, interpreter = run(call)
    (job,) = queued(interpreter)

    assert (job.id, job.name, job.args, job.run_at, job.status) == (
        identifier,
        "MailJob",
        {"to": "ada"},
        run_at,
        "queued",
    )


def test_a_job_is_performed() -> None:
    """By the name of its class."""
    _, interpreter = run("")

    assert perform(interpreter.machine, "MailJob", {"to": "ada"}) == "mailed ada"


def test_a_job_that_nobody_knows_names_those_that_there_are() -> None:
    """Before it is put into the queue, once all files were read."""
    _, interpreter = run("")
    jobs_of(interpreter.machine).all_known = True
    with pytest.raises(SoliError, match="MialJob") as unknown:
        interpreter.run('Job.enqueue("MialJob")')

    assert "MailJob" in str(unknown.value.hint)


@pytest.mark.parametrize(
    "call",
    [
        'Job.enqueue_in("soon", "MailJob")',
        'Job.enqueue_at("not a date", "MailJob")',
        'Job.enqueue("MailJob", {}, { "priority": "high" })',
        'Cron.schedule("x", "not a line", "MailJob")',
    ],
)
def test_what_cannot_be_is_an_error(call: str) -> None:
    """And nothing is enqueued."""
    with pytest.raises(SoliError):
        run(call)


def test_a_cancelled_job_is_not_queued_any_more() -> None:
    """Once."""
    value, _ = run(
        'id = MailJob.perform_later({})\n[Job.cancel(id), Job.cancel(id), Job.cancel("x")]'
    )

    assert value == [True, False, False]


def test_jobs_are_listed_by_queue() -> None:
    """All, or those of one."""
    value, _ = run(
        'MailJob.perform_later({}, { "queue": "slow" })\nMailJob.perform_later({})\n'
        '[Job.list.length, Job.list("slow").length, Job.list("none").length]'
    )

    assert value == [2, 1, 0]


def test_cron_lines_are_declared_changed_and_deleted() -> None:
    """By their name."""
    value, _ = run(
        'Cron.schedule("nightly", "0 3 * * *", "MailJob", { "to": "ada" })\n'
        'Cron.update("nightly", "30 3 * * *")\n'
        "before = Cron.list\n"
        '[before[0]["cron"], Cron.delete("nightly"), Cron.delete("nightly"), Cron.list.length]'
    )

    assert value == ["30 3 * * *", True, False, 0]


def test_the_next_time_of_a_line_is_after_now() -> None:
    """In UTC; never, for a day that there is not."""
    assert next_time(parse_cron("0 * * * *"), NOW) % 3600 == 0
    assert next_time(parse_cron("0 * * * *"), NOW) > NOW
    assert next_time(parse_cron("0 0 30 2 *"), NOW) == float("inf")


def test_an_error_stands_where_the_program_enqueued() -> None:
    """And not in the text of the runtime that its call goes through."""
    with pytest.raises(SoliError) as raised:
        run('\nMailJob.perform_in("soon", {})\n')

    assert raised.value.place == (8, 1)
    assert "<runtime>" not in render(raised.value)
