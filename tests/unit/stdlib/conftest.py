"""A machine with the whole library, and short ways to call its builtins."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from soli_stdlib import install

from soli_lang.base.limits import Capabilities, Limits
from soli_lang.machine.machine import Machine
from soli_lang.native.native import host_function

Call = Callable[..., Any]


@pytest.fixture
def printed() -> list[str]:
    """What the program wrote."""
    return []


@pytest.fixture
def machine(printed: list[str]) -> Machine:
    """A machine that can print, with limits small enough to reach."""
    capabilities = Capabilities(output=printed.append, clock=lambda: 1.5, random=Random(7))
    machine = Machine(Limits.off(max_value_bytes=1_000_000), capabilities)
    machine.start_budget()
    install(machine)
    return machine


@pytest.fixture
def send(machine: Machine) -> Call:
    """`send(receiver, name, *arguments)`: call a builtin method."""

    def call(receiver: Any, name: str, *arguments: Any) -> Any:
        return machine.find_method(receiver, name).call(receiver, list(arguments), None, None)

    return call


@pytest.fixture
def run(machine: Machine) -> Call:
    """`run(name, *arguments)`: call a global function, or `run("JSON.parse", …)` a static one."""

    def call(name: str, *arguments: Any) -> Any:
        owner, _, member = name.rpartition(".")
        table = machine.globals[owner].statics if owner else machine.globals
        return table[member].soli_call(list(arguments), None, None)

    return call


@pytest.fixture
def fn() -> Call:
    """`fn(python_callable)`: a function value."""
    return lambda code: host_function("callback", code)
