"""Inputs that only stop too early, as a REPL sees them, and long chains that must not."""

from __future__ import annotations

import pytest
from soli_stdlib import install

from soli_lang import Interpreter, SoliSyntaxError


@pytest.mark.parametrize(
    "text",
    ["[1, 2].map |v|", "[1, 2].map |v|\n  v * 2", "f = fn(a)", "f = fn(a)\n  a", "if true\n 1"],
)
def test_a_block_whose_end_is_still_to_come_is_incomplete(text: str) -> None:
    """A body that begins on a later line than its parameters needs its `end`."""
    with pytest.raises(SoliSyntaxError) as refused:
        Interpreter(install).compile(text)

    assert refused.value.incomplete


def test_a_lambda_on_one_line_ends_with_the_text() -> None:
    """The end of the text closes `|x| x + 1` (docs/spec §6.2)."""
    assert Interpreter(install).run("f = |x| x + 1").node.body.statements


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1" + " + 1" * 200, 201),
        ("true" + " && true" * 200, True),
        ("null" + " ?? null" * 200 + " ?? 3", 3),
        ("[1]" + ".reverse" * 100, [1]),
    ],
)
def test_long_chains_compile_within_a_hosts_stack(text: str, value: object) -> None:
    """Compiling a chain neither recurses once a link nor takes time exponential in its length."""
    assert Interpreter(install).run(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("if true\n 5\nend", 5), ("try\n 1 / 0\ncatch e\n 7\nend", 7), ("unless true\n 1\nend", None)],
)
def test_a_session_shows_the_value_of_statements_that_have_one(text: str, value: object) -> None:
    """`if`, `unless` and `try` yield the value of the branch that ran (docs/spec §5.1)."""
    assert Interpreter(install).session().run(text) == value
