"""Calls every declared builtin with large and strange values, and looks at what it pays.

The clock is looked at every 4096 steps. A builtin that works for a millisecond and pays a single
step could therefore run for four seconds beyond its limit. One line of JSON per builtin: the worst
of its calls. Run in a process of its own, like `child`.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import soli_stdlib

from soli_lang import Capabilities, Interpreter, Limits
from soli_lang.native.native import BUILTIN_TYPES, Arg, Declaration, declarations
from soli_lang.values.values import Function, symbol

from .child import MEMORY, outcome

LIMITS = Limits(max_steps=5_000_000, max_seconds=0.5, max_call_bytes=256 << 20)
BORING = frozenset({"input", "sleep"})
"""Their work is the host's."""
NOTICEABLE_SECONDS = 0.01
FUNCTIONS = """
def same(x) x end
def second(x, y) y end
enum E
  P(l, r)
end
def grown
  e = E.P(1, 2)
  60.times |i| e = E.P(e, e) end
  e
end
shared = grown()
"""


def values(interpreter: Interpreter) -> dict[type, list[Any]]:
    """What builtins are called with, by type."""
    program = interpreter.load(FUNCTIONS, "values")
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    text = "a" * (1 << 20)
    return {
        str: [
            text, "é" * 300_000, "x", "", "a" * 64 + "\n" * 100_000, "1," * 100_000, "[" * 100_000,
            '{"a":' * 50_000, "9" * 100_000, "1e400", "&" * 100_000, "<b>" * 50_000, "(a+)+$",
            "[](" * 5_000, "_a" * 20_000, "%41" * 50_000, "*" * 5_000, "\U0001f600" * 50_000,
        ],
        int: [0, 1, -1, 36, 100_000, 10**9, 2**63 - 1, -(2**63)],
        float: [0.0, -0.0, float("nan"), float("inf"), 1e308, 5e-324, 1.5, 1e18],
        Decimal: [Decimal("0.1"), Decimal("1e28"), Decimal(1) / 3, Decimal("9" * 28)],
        bool: [True, False],
        type(None): [None],
        list: [
            list(range(200_000)), [text] * 50, _nested(100_000), _shared(60), cyclic, [],
            [[i] for i in range(20_000)], [{"a": i} for i in range(20_000)], [1, "a", None],
            [str(i) for i in range(100_000)], [float("nan")] * 100, [1.5] * 100_000,
            [text] * 200_000, [1, "x", None, [1]] * 25_000,
        ],
        dict: [
            {i: i for i in range(100_000)}, {str(i): text for i in range(1_000)}, {},
            {"a": _shared(60)}, {str(i): [i] for i in range(100_000)}, {"c": cyclic},
        ],
        bytes: [b"x" * (1 << 20), b"", b"\xff\xfe"],
        type(symbol("a")): [symbol("a"), symbol("b" * 100_000)],
        Function: [program.get("same"), program.get("second")],
        type(program.get("shared")): [program.get("shared")],
    }  # fmt: skip


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def _shared(depth: int) -> list[Any]:
    value: list[Any] = [1]
    for _ in range(depth):
        value = [value, value]
    return value


class Caller:
    """Makes and measures the calls."""

    def __init__(self, seed: int, root: Path) -> None:
        capabilities = Capabilities(
            output=lambda text: None, clock=lambda: 1.7e9, sleep=lambda seconds: None,
            random=Random(1), environment={}, files=root, files_writable=True,
        )  # fmt: skip
        self._interpreter = Interpreter(
            soli_stdlib.install, capabilities=capabilities, limits=LIMITS
        )
        self._machine = self._interpreter.machine
        self._values = values(self._interpreter)
        self._all = [value for some in self._values.values() for value in some]
        self._random = Random(seed)

    def worst(self, declaration: Declaration, module: ModuleType, calls: int) -> dict[str, Any]:
        """The worst of *calls* calls: an exception of Python's, else the most time per step."""
        found = {"name": name_of(declaration), "kind": "none", "seconds": 0.0, "steps": 0}
        for _ in range(calls):
            arguments = self._arguments(declaration, module)
            if arguments is None:
                break
            measured = self._measure(declaration, arguments)
            if _badness(measured) >= _badness(found):
                found.update(measured, arguments=[_brief(value) for value in arguments])
        return found

    def _arguments(self, declaration: Declaration, module: ModuleType) -> list[Any] | None:
        chosen = []
        if declaration.kind == "method":
            types = {**BUILTIN_TYPES, **getattr(module, "TYPES", {})}[declaration.owner]
            receivers = [value for kind in types for value in self._values.get(kind, [])]
            if not receivers:
                return None
            chosen.append(self._fresh(self._random.choice(receivers)))
        most = min(declaration.high, declaration.low + 2)
        for index in range(self._random.randint(declaration.low, most)):
            argument = declaration.args[min(index, len(declaration.args) - 1)]
            chosen.append(self._fresh(self._random.choice(self._fitting(argument))))
        return chosen

    def _fitting(self, argument: Arg) -> list[Any]:
        if argument.types is None or self._random.random() < 0.1:
            return self._all
        return [v for kind in argument.types for v in self._values.get(kind, [])] or self._all

    def _fresh(self, value: Any) -> Any:
        """A copy of a container, which builtins may change."""
        return value.copy() if value.__class__ in (list, dict) else value

    def _measure(self, declaration: Declaration, arguments: list[Any]) -> dict[str, Any]:
        used = 0

        def run() -> None:
            nonlocal used
            try:
                self._call(declaration, list(arguments))
            finally:
                used = LIMITS.max_steps - self._machine.fuel - max(0, self._machine.steps_left)

        before = time.process_time()
        kind, message = outcome(lambda: self._machine.guarded(run))
        seconds = time.process_time() - before
        return {"kind": kind, "message": message, "seconds": seconds, "steps": used}

    def _call(self, declaration: Declaration, arguments: list[Any]) -> None:
        name, machine = declaration.names[0], self._machine
        if declaration.kind == "method":
            method = machine.find_method(arguments[0], name)
            if method is not None:
                method.call(arguments[0], arguments[1:], None, None)
        elif declaration.kind == "function":
            machine.globals[name].soli_call(arguments, None, None)
        else:
            machine.globals[declaration.owner].statics[name].soli_call(arguments, None, None)


def _badness(measured: dict[str, Any]) -> tuple[bool, float]:
    # A LimitError ends the call: it need not have paid for more than it did.
    seconds = measured["seconds"]
    if measured["kind"] == "LimitError" or seconds < NOTICEABLE_SECONDS:
        return measured["kind"].startswith("!"), 0.0
    return measured["kind"].startswith("!"), seconds / (measured["steps"] + 1)


def _brief(value: Any) -> str:
    size = f"({len(value)})" if isinstance(value, str | list | dict | bytes) else ""
    return f"{type(value).__name__}{size}"


def name_of(declaration: Declaration) -> str:
    kind = "#" if declaration.kind == "method" else "."
    return f"{declaration.owner}{kind}{declaration.names[0]}"


def declared() -> Iterator[tuple[Declaration, ModuleType]]:
    """Every builtin of the library, once."""
    for module in soli_stdlib.MODULES:
        for declaration in declarations(module):
            if declaration.names[0] not in BORING:
                yield declaration, module


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (2 * MEMORY, 2 * MEMORY))
    caller = Caller(chosen.seed, chosen.root)
    for declaration, module in declared():
        print(json.dumps(caller.worst(declaration, module, chosen.calls)), flush=True)


if __name__ == "__main__":
    main()
