"""The interpreter that one spec file runs in: fresh, with the testing builtins."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from soli_lang.interpreter import Interpreter
from soli_lang.limits import Limits
from soli_lang.machine import Machine
from soli_lang.native import declarations, install
from soli_lang.values import Value
from soli_stdlib import clock

from ..capabilities import granted
from ..greenlets import Runners, suspend
from ..handlers import Calls
from ..library import install_library
from . import assertions, dsl, expectations
from .assertions import suite_of
from .suites import Suite

ENVIRONMENT = {"APP_ENV": "test"}
"""What every test finds in its environment."""


def install_testing(machine: Machine) -> None:
    """The library of a spec file: the runtime's, and what tests are written with."""
    install_library(machine)
    for module in (dsl, assertions, expectations):
        install(machine, declarations(module), expectations.TYPES)


class World:
    """An interpreter, and the event loop's means to call into it."""

    def __init__(self, root: Path, *, seconds: float, output: Callable[[str], None]) -> None:
        runners = Runners(wait_seconds=seconds)
        capabilities = granted(
            root,
            environment={**os.environ, **ENVIRONMENT},
            suspend=self._suspend,
            sleep=lambda seconds: self._suspend(asyncio.sleep(seconds)),
            private_network=True,
        )
        capabilities = replace(capabilities, output=output)
        limits = Limits(max_seconds=seconds)
        self.interpreter = Interpreter(install_testing, capabilities=capabilities, limits=limits)
        self.machine = self.interpreter.machine
        self._calls = Calls(self.machine, runners)

    @property
    def suite(self) -> Suite:
        return suite_of(self.machine)

    async def call(self, code: Callable[[], Value]) -> Value:
        """Run *code* with a fresh budget. Raises what it raises."""
        return await self._calls.wait(lambda _: code(), None, {"testing": self})

    def prepare(self) -> None:
        """Make ready what the spec file expects to find."""

    async def close(self) -> None:
        """Give back what the file's tests left open."""
        self._calls.runners.cancel_all()

    def unfreeze(self) -> None:
        """Let the clock run again."""
        clock.of(self.machine).unfreeze()

    def _suspend(self, awaitable: Any) -> Any:
        return self._calls.suspend(awaitable)
