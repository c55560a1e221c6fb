"""Loads an app into the interpreter of a spec file or of the prompt, beside the words to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from soli_lang.machine.machine import Machine

from ...loading.app import App, load
from ...loading.project import Project
from ...words.asking import install_asking
from ...words.clock import jobs_run
from ...words.worlds import ROUTING, ROUTING_NAMES, World
from .app_server import AppServer


async def load_into(world: World, project: Project, *, may_wait: bool = False) -> App:
    """Load an app into the interpreter of *world*, beside the words that ask it things.

    *may_wait*: its calls may have to be set aside, whatever builtins they name.

    Raises InvalidApp, SoliError.
    """
    machine = world.machine
    install_asking(machine)
    asking = {name: machine.globals[name] for name in ROUTING_NAMES}
    declaring = machine.library[ROUTING]
    machine.globals.update(declaring)
    loaded: list[App] = []
    try:
        await world.call(
            lambda: loaded.append(load(project, world.interpreter, host_waits=may_wait))
        )
    finally:
        machine.globals.update(asking)
    return loaded[0]


def count_jobs(machine: Machine, server: AppServer) -> None:
    """Let `run_jobs` and `travel_to` know the jobs of the app that *server* serves."""
    jobs, worker = jobs_run(machine), server.service.program.worker
    jobs.run_by(worker)
    worker.tell(jobs.note)


@contextmanager
def keeping_limits(world: World) -> Iterator[None]:
    """A service that begins meanwhile limits the app's handlers, and not the calls of *world*."""
    machine = world.machine
    limits = machine.limits
    yield
    world.limit_app(machine.limits)
    machine.limit_calls(limits)
