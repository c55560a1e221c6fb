"""The interpreter that one spec file runs in: fresh, with the testing builtins."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from soli_stdlib.ground import clock
from soli_stdlib.ground.waiting import BLOCKING_SERVICE
from soli_stdlib.system import jail
from soli_stdlib.system.environment import with_dotenv

from soli_lang.base.limits import Limits
from soli_lang.base.records import changed
from soli_lang.interpreter import Interpreter
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.meaning.declared import CHECKS_TYPES
from soli_lang.native.native import declarations, install
from soli_lang.values.values import Value

from ..builtins.library import install_library
from ..builtins.prelude import install_prelude
from ..calling.calls import Calls
from ..calling.greenlets import Runners
from ..jobs.jobs import watch_classes
from ..loading.capabilities import granted
from ..loading.launch import Outside
from ..loading.project import Project, ProjectError, find_project
from . import assertions, dsl, expectations, factories, matchers, no_app
from . import clock as clock_words
from .assertions import suite_of
from .simulated import words as simulated
from .spec_files import SpecFiles
from .suites import Suite

TEST_SECONDS = 10.0
"""Seconds of computing, and of waiting, that one test may take."""
ENVIRONMENT = {"APP_ENV": "test"}
"""What every test finds in its environment."""

_ROUTE = re.compile(
    r"^\s*(?:get|post|put|patch|delete|resources|router_websocket|websocket)[ (]", re.MULTILINE
)
ROUTING_NAMES = ("get", "post", "put", "patch", "delete")
"""In the app's files these declare routes, in spec files they send requests."""
ROUTING: MachineKey[dict[str, Value]] = MachineKey("routing")
"""Where `Machine.library` holds what declares routes."""

TESTING: MachineKey[World] = MachineKey("testing")
"""In `Machine.local` of the calls that a spec file makes."""


_MODULES = (dsl, assertions, expectations, matchers, factories, clock_words, simulated, no_app)


def install_testing(machine: Machine) -> None:
    """The library of a spec file: the runtime's, and what tests are written with."""
    install_library(machine)
    machine.library[ROUTING] = {name: machine.globals[name] for name in ROUTING_NAMES}
    types = {**expectations.TYPES, **matchers.TYPES, **simulated.TYPES}
    for module in _MODULES:
        install(machine, declarations(module), types)


class World:
    """An interpreter, and the event loop's means to call into it."""

    def __init__(
        self,
        root: Path,
        *,
        seconds: float,
        output: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
        denied: frozenset[str] = frozenset(),
        private_network: bool = True,
        outside: Outside | None = None,
    ) -> None:
        """*seconds* bounds what one call computes and waits, 0: not. *environment* is by default
        that of tests; only then what programs write is kept apart from the files at *root*."""
        capabilities = granted(
            root,
            denied=denied,
            environment=environment_of_tests(root) if environment is None else environment,
            suspend=self._suspend,
            sleep=lambda seconds: self._suspend(asyncio.sleep(seconds)),
            services={BLOCKING_SERVICE: asyncio.to_thread},
            private_network=private_network,
        )
        capabilities = changed(capabilities, output=output)
        if outside is not None:
            capabilities = outside.granted(capabilities)
        self._limits = Limits.off(max_seconds=seconds)
        self.app_limits: Limits | None = None
        """Limits of the app's handlers, which run while a test waits."""
        self.interpreter = Interpreter(
            install_testing, capabilities=capabilities, limits=self._limits
        )
        self.machine = self.interpreter.machine
        if outside is not None:
            outside.install(self.machine)
        self._files: SpecFiles | None = None
        if environment is None:
            self._files = self.machine.library[jail.STAND_IN] = SpecFiles(root)
        install_prelude(self.interpreter)
        watch_classes(self.machine)
        self._calls = Calls(self.machine, Runners(wait_seconds=seconds))

    @property
    def suite(self) -> Suite:
        return suite_of(self.machine)

    async def call(self, code: Callable[[], Value]) -> Value:
        """Run *code* with a fresh budget. Raises what it raises."""
        return await self._calls.wait(lambda _: code(), None, {TESTING: self})

    def check_types(self) -> None:
        """Check the declared types of what is compiled from now on, wherever they stand."""
        self.machine.library[CHECKS_TYPES] = True

    def limit_app(self, limits: Limits | None) -> None:
        """Those of the app's handlers, which run while a test waits."""
        self.app_limits = limits

    def close(self) -> None:
        """Let go of what the files' changes are kept in."""
        if self._files is not None:
            self._files.close()

    def begin_test(self) -> None:
        """Let the clock run again, and forget which jobs ran."""
        clock.of(self.machine).unfreeze()
        clock_words.jobs_run(self.machine).taken()

    def _suspend(self, awaitable: Any) -> Any:
        machine = self.machine
        machine.limit_calls(self.app_limits or self._limits)
        try:
            return self._calls.suspend(awaitable)
        finally:
            machine.limit_calls(self._limits)


def environment_of_tests(root: Path) -> dict[str, str]:
    """The environment of tests: `.env`, `.env.test`, and APP_ENV (docs/spec §L20)."""
    texts = [_text_of(root / name) for name in (".env", ".env.test")]
    return {**with_dotenv(os.environ, *texts), **ENVIRONMENT}


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def project_around(spec: Path) -> Project | None:
    """The app in whose folder *spec* is: the nearest folder above it that is one."""
    for folder in spec.resolve().parents:
        try:
            project = find_project(folder)
        except ProjectError:
            if (folder / ".git").exists():
                return None
            continue
        if project.main is None or _declares_routes(project.main):
            return project
    return None


def _declares_routes(main: Path) -> bool:
    """Whether a single file is an app: a mere script must not be run by the tests beside it."""
    return _ROUTE.search(_text_of(main) or "") is not None
