"""`describe`, `test`, hooks, `skip` (docs/spec §L25.1).

First the whole file runs. Then the bodies of its groups run, and by running register what is in
them, so loops around tests, helpers and variables in a group work. Then the tests run.
"""

from __future__ import annotations

from soli_lang.base.errors import Cancelled, SoliPlainTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import CALLABLES, Any_, function
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from .assertions import suite_of
from .suites import AFTER_ALL, AFTER_EACH, BEFORE_ALL, BEFORE_EACH, Group, Test


class Skipped(Cancelled):
    """`skip` or `pending` was called in a test. No `rescue` of a program sees it."""

    kind = "Skipped"


def _body(user: str, rest: tuple[Value, ...]) -> Value:
    """The callable among the arguments after a name; None when there is none."""
    for value in reversed(rest):
        if value.__class__ in CALLABLES:
            return value
    if rest and rest[-1] is not None and rest[-1].__class__ is not dict:
        raise SoliPlainTypeError(f"{user}() expects function, got {type_name(rest[-1])}")
    return None


@function(("describe", "context"), Any_, Any_.rest())
def describe(machine: Machine, name: Value, *rest: Value) -> None:
    """A group of tests: its body registers tests, hooks and further groups."""
    suite = suite_of(machine)
    group = Group(to_text(name), suite.current)
    suite.current.groups.append(group)
    body = _body("describe", rest)
    if body is None:
        return
    if suite.waiting is not None:
        suite.waiting.append((group, body))
    else:
        fill(machine, group, body)


def fill(machine: Machine, group: Group, body: Value) -> None:
    """Run the body of a group."""
    with suite_of(machine).within(group):
        try:
            machine.callback(body, 0)()
        except Skipped as error:
            group.skip(error.message)


@function(("test", "it", "specify"), Any_, Any_.rest())
def test(machine: Machine, name: Value, *rest: Value) -> None:
    """A test: it passes unless its body raises. Without a body it is pending."""
    group = suite_of(machine).current
    body = _body("test", rest)
    group.tests.append(Test(to_text(name), group, body))


@function("invariant", Any_, Any_.rest())
def invariant(machine: Machine, name: Value, *rest: Value) -> None:
    """What must be true of the app whenever all is quiet, as `soli test --explore` judges it.

    The block gets the world: `rooms`, `clients`, `kv` and `step`. It fails by false, null or an
    error.
    """
    body = _body("invariant", rest)
    if body is None:
        raise SoliPlainTypeError("invariant() expects a block: do |world| … end")
    suite = suite_of(machine)
    suite.promise(" › ".join([*suite.current.path(), to_text(name)]), body)


def _hook(machine: Machine, kind: str, rest: tuple[Value, ...]) -> None:
    body = _body(kind, rest)
    if body is None:
        raise SoliPlainTypeError(f"{kind}() expects function, got null")
    suite_of(machine).current.hooks[kind] = body


@function(BEFORE_EACH, Any_.rest())
def before_each(machine: Machine, *rest: Value) -> None:
    """Run before every test of this group and of the groups in it, outer hooks first."""
    _hook(machine, BEFORE_EACH, rest)


@function(AFTER_EACH, Any_.rest())
def after_each(machine: Machine, *rest: Value) -> None:
    """Run after every test of this group and of the groups in it, inner hooks first."""
    _hook(machine, AFTER_EACH, rest)


@function(BEFORE_ALL, Any_.rest())
def before_all(machine: Machine, *rest: Value) -> None:
    """Run once before the tests of this group."""
    _hook(machine, BEFORE_ALL, rest)


@function(AFTER_ALL, Any_.rest())
def after_all(machine: Machine, *rest: Value) -> None:
    """Run once after the tests of this group."""
    _hook(machine, AFTER_ALL, rest)


@function(("skip", "pending"), Any_.rest())
def skip(machine: Machine, *rest: Value) -> None:
    """In a test: end it here, reported as skipped, with an optional reason.

    In a group, with a name and a body: a test that is not run; without: the group is skipped.
    """
    suite = suite_of(machine)
    reason = to_text(rest[0]) if rest and rest[0].__class__ not in CALLABLES else ""
    if suite.running is None and _body("skip", rest[1:]) is not None:
        group = suite.current
        group.tests.append(Test(reason, group, None))
        return
    raise Skipped(reason)
