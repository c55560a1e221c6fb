"""Looks for arguments with which an operation breaks the rule of all limits.

The rule: under a limit of time and one of memory, no builtin, operator or literal runs longer than
1.5 times the one or holds a quarter more than the other, whatever it is called with.

Generates calls of every declared builtin and every operator with large, equal, nested and
adversarial values, and makes each over and over until the limit ends it. CPU time is what counts,
so a busy machine changes nothing. Runs in a process of its own with a hard limit of its address
space. One line of JSON per case that breaks the rule; the seed makes the same cases again.

    python -m tests.limits.harden ROOT --seed 8 --seconds 40

`make harden` looks for ten minutes; `test_harden` in `make test` looks for some seconds.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import soli_stdlib

from soli_lang import Capabilities, Interpreter, Limits
from soli_lang.base.errors import LimitError
from soli_lang.meaning.arithmetic import OPERATIONS
from soli_lang.native.native import BUILTIN_TYPES, Arg, Declaration
from soli_lang.values.semantics import MAX_INT, MIN_INT
from soli_lang.values.values import Function, symbol

from .builtin_costs import FUNCTIONS, declared, name_of
from .child import outcome

SECONDS = 0.2
"""The limit of time under which calls are made."""
MOST_SECONDS = 1.5 * SECONDS + 0.05
"""CPU time of a case; the rest is for measuring."""
MEMORY = 128 << 20
"""The limit of memory under which calls are made."""
MOST_MEMORY = MEMORY + MEMORY // 4 + (48 << 20)
"""Bytes that the process may grow by; the rest is for Python's own."""
LIMITS = Limits(max_steps=0, max_seconds=SECONDS, max_value_bytes=MEMORY, max_call_bytes=MEMORY)
CYCLE = 2**61 - 1
"""What Python's hash of an Int is taken modulo."""

Case = tuple[str, list[Any], Callable[[list[Any]], Any]]


def _texts() -> list[str]:
    million = 1 << 20
    return [
        "", "x", "a" * 20 * million, "a" * 20 * million + "b", "é" * 4 * million, "\0" * million,
        " " * 8 * million, "a " * million, "a" * 64 + "\n" * million, "1," * million,
        "[" * million, "[" + "0," * million + "x", '{"a":' * 100_000, '["\\ud83d\\ude00",' * 50_000,
        "[" + "9" * 19 + "," * 9 + "9" * 20 + "]", "[" + "9999999999999999999," * 50_000 + "1]",
        "9" * million, "1e400", "0." + "9" * 100_000, "&" * million, "&amp;" * 200_000,
        "<b>" * 9_000, "<span>" * 9_999 + "</x>" * 100_000, "<!--" * 100_000, "</" * million,
        "".join(f"<b id={i}>" for i in range(5_000)) + "<p>" * 4_000,
        "<b " + " ".join(f"a{i}" for i in range(30_000)) + ">",
        "![" * 30_000, "[](" * 20_000, "*a _" * 16_000, "> " * 30_000, "- " * 30_000,
        "|a" * 5_000 + "\n" + "|-" * 5_000 + "\n" + "|b\n" * 10_000, "[a]: b\n" * 9_000,
        "(a+)+$", "[ab]*c|a", "(a?){200}a{200}b", "\\pL" * 3_000, "(?i)" + "k" * 9_000,
        "(\\p{L}{1,100}){1,5}z", "a" * 10_000, "(.*a){20}b", "*a" * 5_000, "**/" * 5_000,
        "_a" * million, "%41" * 300_000, "%" * million, "\\" * million, "'" * million,
        "\U0001f600" * 300_000, "A" * 4 * million, "a." * 300_000, "-" * million, "z" * million,
        "2024-01-01T00:00:00Z", "%Y" * 100_000, "%c%x%Z" * 50_000, "* * * * *",
        "a@" + "b." * 300_000,
        "http://" + "a" * million, "/" * million, "\r\n" * million, "key", "k1",
    ]  # fmt: skip


def _filler(count: int) -> list[int]:
    """Ints that lie where Python would look for another, one after the other."""
    found, at = [], 0
    for _ in range(count):
        found.append(at)
        at = (at * 5 + 1) % (1 << 18)
    return found


def _lists(text: str, shared: Any) -> list[list[Any]]:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    filler = _filler(120_000)
    return [
        [], [1, "a", None], list(range(1_000_000)), [text] * 50, [text] * 300_000, nested, cyclic,
        shared, [[i] for i in range(50_000)], [{"a": i} for i in range(50_000)], filler,
        [*filler, *[i + CYCLE for i in filler[:20_000]]], [str(i) for i in range(200_000)],
        [1.5] * 500_000, [float(i) * 2.0**61 for i in range(100_000)], [float("nan")] * 100_000,
        [1, "x", None, [1]] * 50_000, [Decimal(i) for i in range(100_000)], [True] * 500_000,
        ["a" * 100_000 + str(i) for i in range(300)], [[i, i] for i in range(100_000)],
        [["k", text]] * 1000, [symbol(f"s{i}") for i in range(50_000)], [b"x" * 100_000] * 300,
    ]  # fmt: skip


def _hashes(text: str, shared: Any) -> list[dict[Any, Any]]:
    cyclic: dict[Any, Any] = {}
    cyclic["c"] = cyclic
    filler = _filler(120_000)
    return [
        {}, {"a": 1}, {i: i for i in range(300_000)}, dict.fromkeys(filler, 1),
        {str(i): text for i in range(1_000)}, {str(i): [i] for i in range(100_000)},
        {"a": shared}, cyclic, {"key": "k", "limit": 5, "window": 60}, {"exp": 1e308},
        {str(i): "x" * 1000 for i in range(20_000)},
    ]  # fmt: skip


class Harness:
    """Makes cases from a seed and says which break the rule."""

    def __init__(self, seed: int, root: Path) -> None:
        capabilities = Capabilities(
            output=lambda text: None, clock=lambda: 1.7e9, sleep=lambda seconds: None,
            random=Random(1), environment={}, files=root, files_writable=True,
        )  # fmt: skip
        self._interpreter = Interpreter(
            soli_stdlib.install, capabilities=capabilities, limits=Limits.off()
        )
        self._machine = self._interpreter.machine
        program = self._interpreter.load(FUNCTIONS, "values")
        shared: Any = [1]
        for _ in range(60):
            shared = [shared, shared]
        texts = _texts()
        self._values: dict[type, list[Any]] = {
            str: texts,
            int: [0, 1, -1, 36, 100_000, 1 << 20, 10**9, CYCLE, 2**63 - 1, -(2**63)],
            float: [0.0, -0.0, float("nan"), float("inf"), 1e308, 5e-324, 1.5, 1e18, 2.0**61],
            Decimal: [Decimal("0.1"), Decimal("1e6000"), Decimal(1) / 3, Decimal("9" * 900)],
            bool: [True, False],
            type(None): [None],
            list: _lists(texts[2], shared),
            dict: _hashes(texts[2], shared),
            bytes: [b"x" * (20 << 20), b"", b"\xff\xfe" * 100_000],
            type(symbol("a")): [symbol("a"), symbol("b" * 100_000)],
            Function: [program.get("same"), program.get("second")],
            type(program.get("shared")): [program.get("shared")],
        }
        self._all = [value for some in self._values.values() for value in some]
        self._random = Random(seed)
        self._fill_stores()
        self._machine.limit_calls(LIMITS)
        self.with_faults = False
        """Whether there are also cases that break the rule, to see that they are seen."""

    def _fill_stores(self) -> None:
        """So that what goes through them all has something to do."""
        self._interpreter.run(
            'i = 0\nwhile i < 50000\n  KV.set("k#{i}", i)\n  KV.rpush("list", i)\n'
            '  KV.sadd("set", i)\n  KV.zadd("scores", i, i)\n  KV.hset("hash", "f#{i}", i)\n'
            '  i += 1\nend\ni = 0\nwhile i < 9000\n  Cache.set("k#{i}", i)\n'
            '  RateLimiter.new({"key": "k#{i}", "limit": 5, "window": 60}).allowed\n  i += 1\nend'
        )
        self._values[str] += ["list", "set", "scores", "hash"]

    # --- cases ---

    def cases(self, match: str) -> Iterator[Case]:
        """One case for each builtin and operator in an order of chance."""
        builtins: list[tuple[Declaration, ModuleType]] = list(declared())
        made = [lambda pair=pair: self._builtin(*pair) for pair in builtins]
        made += [lambda name=name: self._operator(name) for name in OPERATIONS]
        made += [lambda name=name: self._syntax(name) for name in _SYNTAX]
        if self.with_faults:
            made += [lambda: ("unpaid time", [], _slow), lambda: ("unpaid memory", [], _large)]
        self._random.shuffle(made)
        for make in made:
            case = make()
            if case is not None and match in case[0]:
                yield case

    def _builtin(self, declaration: Declaration, module: ModuleType) -> Case | None:
        chosen = []
        if declaration.kind == "method":
            types = {**BUILTIN_TYPES, **getattr(module, "TYPES", {})}[declaration.owner]
            receivers = [value for kind in types for value in self._values.get(kind, [])]
            if not receivers:
                return None
            chosen.append(self._random.choice(receivers))
        most = min(declaration.high, declaration.low + 2)
        for index in range(self._random.randint(declaration.low, most)):
            argument = declaration.args[min(index, len(declaration.args) - 1)]
            chosen.append(self._argument(argument, chosen))
        return name_of(declaration), chosen, self._call_of(declaration)

    def _argument(self, argument: Arg, before: list[Any]) -> Any:
        kinds = argument.types
        if before and self._random.random() < 0.25 and (kinds is None or type(before[0]) in kinds):
            return _twin(before[0])
        if kinds is None or self._random.random() < 0.05:
            return self._random.choice(self._all)
        return self._random.choice(
            [value for kind in kinds for value in self._values.get(kind, [])] or self._all
        )

    def _call_of(self, declaration: Declaration) -> Callable[[list[Any]], Any]:
        name, machine = declaration.names[0], self._machine

        def call(values: list[Any]) -> Any:
            if declaration.kind == "method":
                method = machine.find_method(values[0], name)
                return None if method is None else method.call(values[0], values[1:], None, None)
            if declaration.kind == "function":
                return machine.globals[name].soli_call(values, None, None)
            return machine.globals[declaration.owner].statics[name].soli_call(values, None, None)

        return call

    def _operator(self, name: str) -> Case:
        left = self._random.choice(self._all)
        right = _twin(left) if self._random.random() < 0.5 else self._random.choice(self._all)
        operation, machine = OPERATIONS[name], self._machine
        return f"x {name} y", [left, right], lambda values: operation(machine, *values)

    def _syntax(self, name: str) -> Case:
        function = self._interpreter.load(f"def f(x, y)\n  {name}\nend", "syntax").get("f")
        left = self._random.choice(self._all)
        right = _twin(left) if self._random.random() < 0.5 else self._random.choice(self._all)
        machine = self._machine
        return name, [left, right], lambda values: machine.call(function, *values)

    # --- judging ---

    def judge(self, case: Case) -> dict[str, Any] | None:
        """What is wrong with *case*; None when it keeps to the rule."""
        name, values, call = case
        machine = self._machine
        calls, kind, message = 0, "LimitError", ""

        def repeat() -> None:
            nonlocal calls, kind, message
            while True:
                machine.spend(1)
                calls += 1
                kind, message = outcome(lambda: _checked(call([_fresh(one) for one in values])))
                if kind.startswith("!") or kind == "LimitError":
                    return

        kept = [value.copy() if value.__class__ in (list, dict) else None for value in values]
        gc.collect()
        before = time.process_time()
        with suppress(LimitError):  # of `spend`: none of the calls was one too many
            machine.guarded(repeat)
        seconds = time.process_time() - before
        for value, copy in zip(values, kept, strict=True):
            if copy is not None and len(copy) != len(value):
                value.clear()  # builtins change what they are called with, other cases use it too
                (value.extend if value.__class__ is list else value.update)(copy)
        report = {
            "name": name, "kind": kind, "message": message, "seconds": round(seconds, 3),
            "calls": calls, "arguments": [_brief(value) for value in values],
        }  # fmt: skip
        if kind.startswith("!") or message == "out of memory" or seconds > MOST_SECONDS:
            return report
        return None


def _slow(_: list[Any]) -> None:
    until = time.process_time() + 0.002
    while time.process_time() < until:
        pass


def _large(_: list[Any]) -> int:
    return len(bytes(2 * MEMORY))


def _checked(value: Any) -> None:
    """Raise AssertionError for an Int that is none of Soli's."""
    for one in value[:3] if isinstance(value, list) else (value,):
        if one.__class__ is int and not MIN_INT <= one <= MAX_INT:
            raise AssertionError(f"an Int of {one.bit_length()} bits")


def _twin(value: Any) -> Any:
    """Something equal to *value*, not the same."""
    if isinstance(value, str) and value:
        return value[:-1] + value[-1:]
    if value.__class__ is bytes:
        return bytes(bytearray(value))
    return value.copy() if value.__class__ in (list, dict) else value


def _fresh(value: Any) -> Any:
    """A small container as it was: builtins change them, and copying the large takes too long."""
    return value.copy() if value.__class__ in (list, dict) and len(value) < 1000 else value


def _brief(value: Any) -> str:
    size = f"({len(value)})" if isinstance(value, str | list | dict | bytes) else ""
    shown = repr(value[:24]) if isinstance(value, str | bytes) else ""
    return f"{type(value).__name__}{size}{shown}" if size else repr(value)[:40]


_SYNTAX = (
    "x[y]", "x[y] = 1", "[...x, ...y]", "[a for a in x]", "{a: 1 for a in x}", '"#{x}#{y}"', "x.y",
    "for a in x\n a\nend", "match x\n  1 => 1,\n  _ => 2\nend", "x && y", "x?.y",
    "throw x rescue y",
    "{x: y}", "[x, y]", "x == y", "x != y", "x < y", "x + y", "x = y\nx += x",
    "x.length + y.length",
    "x.starts_with?(y)", "x.includes?(y)", "x.get(y)", "x.push(y)", "x ?? y", "-x", "!x",
)  # fmt: skip
"""Bodies of a function of `x` and `y`: what is no call of a builtin, and what is written out."""


def _limit_memory() -> None:
    """Let the process grow by no more than the rule allows."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY, resource.RLIM_INFINITY))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=40, help="CPU time after which to stop")
    parser.add_argument("--match", default="", help="only names with this in them")
    parser.add_argument("--with-faults", action="store_true", help="add cases that are wrong")
    parser.add_argument("--verbose", action="store_true", help="say what is about to be tried")
    chosen = parser.parse_args()
    sys.setrecursionlimit(10_000)
    harness = Harness(chosen.seed, chosen.root)
    harness.with_faults = chosen.with_faults
    _limit_memory()
    begin, judged, wrong = time.process_time(), 0, 0
    while time.process_time() - begin < chosen.seconds:
        for case in harness.cases(chosen.match):
            if chosen.verbose:
                print(case[0], [_brief(value) for value in case[1]], file=sys.stderr, flush=True)
            report = harness.judge(case)
            judged += 1
            if report is not None:
                wrong += 1
                print(json.dumps({"seed": chosen.seed, **report}), flush=True)
            if time.process_time() - begin >= chosen.seconds:
                break
    print(json.dumps({"seed": chosen.seed, "judged": judged, "wrong": wrong}), flush=True)


if __name__ == "__main__":
    main()
