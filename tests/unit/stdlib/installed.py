"""A library to call builtins on, as the evaluator calls them."""

from __future__ import annotations

from typing import Any

from soli_stdlib import install

from soli_lang.base.errors import SoliError
from soli_lang.base.limits import Capabilities, Limits
from soli_lang.machine.machine import Machine
from soli_lang.native.native import host_function

NOON = 1_700_000_000.25
"""What the clock shows unless a test says otherwise: 2023-11-14T22:13:20.25Z."""


class Library:
    """One interpreter's builtins, with a clock that stands still until a test moves it."""

    def __init__(self, *, limits: Limits | None = None, **capabilities: Any) -> None:
        self.time = NOON
        granted = Capabilities(**{"clock": lambda: self.time, **capabilities})
        self.machine = Machine(limits or Limits.off(), granted)
        install(self.machine)
        self.machine.start_budget()

    def call(self, name: str, *arguments: Any) -> Any:
        """`name(arguments)` or `Class.name(arguments)`."""
        owner, _, member = name.rpartition(".")
        found = self.machine.globals[owner].statics if owner else self.machine.globals
        return found[member].soli_call(list(arguments), None, None)

    def send(self, receiver: Any, name: str, *arguments: Any) -> Any:
        """`receiver.name(arguments)`"""
        return self.machine.find_method(receiver, name).call(receiver, list(arguments), None, None)

    def failure(self, name: str, *arguments: Any) -> str:
        """The message that the call fails with."""
        try:
            self.call(name, *arguments)
        except SoliError as error:
            return error.message
        raise AssertionError(f"{name} did not fail")

    def send_failure(self, receiver: Any, name: str, *arguments: Any) -> str:
        try:
            self.send(receiver, name, *arguments)
        except SoliError as error:
            return error.message
        raise AssertionError(f"{name} did not fail")


def block(code: Any) -> Any:
    """A Python function as a Soli callable."""
    return host_function("block", code)
