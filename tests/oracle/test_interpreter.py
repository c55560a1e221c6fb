"""The definitional interpreter knows every kind of node, and the specification's vectors."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from soli_lang.tree import nodes
from tests.oracle import ANSWERS, run
from tests.oracle.interpreter.patterns import PATTERNS

PARTS: dict[type, str] = {
    nodes.Argument: "calling.given_arguments",
    nodes.Arm: "patterns.match",
    nodes.Handler: "statements.handle",
    nodes.ClassMethods: "declarations.add",
    nodes.FunctionNode: "functions.Code",
    nodes.MethodDecl: "declarations.add_method",
    nodes.Param: "functions.bind",
    nodes.TypeRef: "types.fits",
    nodes.Variant: "declarations.enum",
}
"""Kinds of nodes that are never evaluated by themselves, and what reads them."""

VECTORS = Path(__file__).parents[1] / "language" / "vectors.txt"


def concrete(kind: type[nodes.Node]) -> list[type[nodes.Node]]:
    """The kinds of nodes below *kind* that a tree can have."""
    below = kind.__subclasses__()
    return [kind] if not below else [one for sub in below for one in concrete(sub)]


def test_every_kind_of_node_has_an_answer() -> None:
    unknown = {kind for kind in concrete(nodes.Node) if kind.__module__ == nodes.__name__}
    unknown -= set(ANSWERS) | set(PATTERNS) | set(PARTS)
    assert sorted(kind.__name__ for kind in unknown) == []


def accepted_vectors() -> list[tuple[str, str, str]]:
    """(number, program, output) of those vectors that are programs."""
    found = []
    for line in VECTORS.read_text().splitlines():
        if " ==> " in line and not line.startswith("# "):
            name, _, rest = line.partition(": ")
            program, _, output = rest.partition(" ==> ")
            if not output.startswith("!"):
                found.append((name, program.replace("⏎", "\n"), output.replace("⏎", "\n")))
    return found


def test_vectors_of_the_language() -> None:
    vectors = accepted_vectors()
    assert len(vectors) > 250
    wrong = []
    for name, program, output in vectors:
        outcome = run(program)
        if outcome.output.removesuffix("\n") != output:
            wrong.append((name, outcome))
    assert wrong == []


@pytest.mark.parametrize(
    ("program", "limited"),
    [
        ("while true\nend", True),
        ("def f() f() end\nf()", True),
        ("f = fn(x) { [1].each(f) }\nf(1)", True),
        ("1 + null", False),
    ],
)
def test_endless_programs_are_limited(program: str, limited: bool) -> None:
    assert run(program).limited is limited


def test_calls_may_nest_a_thousand_deep() -> None:
    text = "def down(n) n == 0 ? 0 : 1 + down(n - 1) end\ndown({})"
    assert run(text.format(999)).value_shown == "int '999'"
    error = run(text.format(1000)).error
    assert error is not None
    assert error.message == 'call stack too deep (1000 frames) in "down" — unbounded recursion?'


def test_an_error_has_its_place_and_backtrace() -> None:
    error = run("def f(x)\n  x.foo\nend\n\nf(null)").error
    assert error is not None
    assert (error.kind, error.line, error.column) == ("NameError", 2, 3)
    assert error.message == "Cannot access property 'foo' on null"
    assert error.backtrace == ("in f at program.soli:2:3", "in main program at program.soli:5:1")


INTERPRETER = Path(__file__).parent / "interpreter"
OF_THE_LANGUAGE = {"base", "machine", "native", "syntax.parser", "tree", "values"}
"""What of `soli_lang` the definitional interpreter may use (docs/decisions/0052)."""


def test_it_shares_nothing_that_evaluates() -> None:
    used = set()
    for path in INTERPRETER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
                used.add(node.module)
            elif isinstance(node, ast.Import):
                used.update(alias.name for alias in node.names)
    allowed = tuple(f"soli_lang.{name}" for name in OF_THE_LANGUAGE)
    assert {name for name in used if name.startswith("soli_") and not name.startswith(allowed)} == (
        set()
    )


def test_it_stays_small() -> None:
    """Who checks a program by hand against the specification can read all of it."""
    lines = [len(path.read_text("utf-8").splitlines()) for path in INTERPRETER.glob("*.py")]
    assert sum(lines) <= 2500
    assert max(lines) <= 450
