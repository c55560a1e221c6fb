"""Which programs can wait; and that no builtin waits whose name is not on the list."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.calling.waiting_names import RUNNING, SHARED, STORED, WAITING, may_wait

from soli_lang.base.source import Source
from soli_lang.interpreter import Interpreter
from soli_lang.native.native import NativeFunction
from soli_lang.syntax.parser import parse
from soli_lang.values.objects import SoliClass

WAITS = {"suspend", "blocking", "answered"}
"""What a builtin calls, directly or through others of its module, when it waits."""


@pytest.mark.parametrize(
    "text",
    [
        "sleep(1)",
        "def f\n  5.sleep\nend",
        'HTTP.get("http://x")',
        "[1].each(&:sleep)",
        'x.send("sleep")',
        'const_get("HTTP")',
        "class A\n  def method_missing(name)\n    1\n  end\nend",
        "System.run([1])",
        "x = `ls`",
        'f = fn() { if true { [password_hash("x")] } }',
    ],
)
def test_a_program_that_names_what_waits_may_wait(text: str) -> None:
    """Wherever the name stands."""
    assert may_wait([parse(Source("x", text))])


def test_a_program_that_does_not_cannot() -> None:
    """The page's echo handler."""
    text = 'def handle(event)\n  return { "send": "echo: " + event["message"] }\nend'
    assert not may_wait([parse(Source("x", text))])


@pytest.mark.parametrize("text", ['KV.get("k")', "x = session_get(:a)", "AJob.perform_later(1)"])
def test_a_program_that_keeps_things_elsewhere_may_wait(text: str) -> None:
    """In memory it does not wait for them."""
    parsed = parse(Source("x", text))
    assert may_wait([parsed], has_store=True)
    assert not may_wait([parsed])


def test_a_program_that_counts_all_connections_may_wait() -> None:
    """Where several processes meet."""
    parsed = parse(Source("x", "ws_count()"))
    assert may_wait([parsed], has_broker=True)
    assert not may_wait([parsed])


def natives() -> Iterator[tuple[set[str], Any]]:
    """All builtins with the names that a program must mention to reach them."""
    machine = Interpreter(install_library).machine
    for name, value in machine.globals.items():
        if isinstance(value, NativeFunction):
            yield {name}, value.declaration
        elif isinstance(value, SoliClass):
            for own, member in value.statics.items():
                if isinstance(member, NativeFunction):
                    yield {name, own}, member.declaration
    for name, table in machine.methods.items():
        for method in table.values():
            yield {name, method.type_name}, method.declaration


def waits(code: Any, seen: set[Any]) -> bool:
    """Whether a function mentions one of `WAITS`, or calls one of its module that does."""
    body = getattr(code, "__code__", None)
    if body is None or code in seen:
        return False
    seen.add(code)
    names = set(_names(body))
    if names & WAITS:
        return True
    return any(waits(code.__globals__.get(name), seen) for name in names)


def _names(body: CodeType) -> Iterator[str]:
    yield from body.co_names
    for constant in body.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def test_every_builtin_that_waits_is_on_the_list() -> None:
    """Else a handler that uses it would be called without a stack to set aside."""
    known = (
        WAITING | STORED | SHARED | RUNNING | {"emit", "write"}
    )  # the last two: only inside a stream's block
    unlisted = {
        min(names)
        for names, declaration in natives()
        if declaration is not None and not names & known and waits(declaration.code, set())
    }
    assert unlisted == set()
