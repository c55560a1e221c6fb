"""What is said about texts that are not programs; whole renderings are in tests/errors."""

from __future__ import annotations

import pytest

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.syntax.resolver.context import MAX_NESTING

from ..shapes import program


def refused(text: str) -> SoliSyntaxError:
    with pytest.raises(SoliSyntaxError) as caught:
        program(text)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "if a",
        "if a\n b",
        "def f(x)",
        "class A\n def m\n  1\n end",
        "x = (1 +",
        "f(1,",
        "h = {\n a: 1,",
        "[1,",
        "x = 1 +",
        "x.",
        "xs.each do |x|",
        "xs.map { |x| x",
        "try\n a",
        "match x {",
        "match x { 1 => 2,",
        '"""abc',
        "a ? b",
        "f = fn(x)\n x\n y",
    ],
)
def test_a_text_that_breaks_off_is_incomplete(text: str) -> None:
    """So that a prompt can ask for another line."""
    assert refused(text).incomplete


@pytest.mark.parametrize(
    "text",
    ["x = )", "end", '"abc', "x = 5 y", "foo(1, 2]", "x = (1\ny = 2", "1 = 2", "x = )\nif a"],
)
def test_a_wrong_text_is_not_incomplete(text: str) -> None:
    """No further line could make it right."""
    assert not refused(text).incomplete


def test_errors_of_several_statements_are_found_in_one_run() -> None:
    """Reading goes on at the next statement, also inside bodies; one error per line."""
    text = "x = 5 5 5\ndef f()\n y = = 1\n z = 1\n new Foo\nend\n1 = 2\nok = 1"
    assert [error.place[0] for error in refused(text).all] == [1, 3, 5, 7]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f(a: 1, 2)", "positional argument cannot follow named argument"),
        ("a + b = 3", "Invalid assignment target"),
        ("!x = 1", "Invalid assignment target"),
        ("a && b = 1", "Invalid assignment target"),
        ("x&.y = 1", "Invalid assignment target"),
        ("5++", "Invalid assignment target"),
        ("class A\n x\nend", "expected ':' and type annotation for field declaration"),
        ("class A\n const X: Int\nend", "const field must have an initializer"),
        ("class A\n new() end\n new() end\nend", "Class already has a constructor"),
        (
            "module M\n new() end\nend",
            "modules cannot have a constructor (`new`); mix them in with `include`",
        ),
        ("new A() { 1 }", "constructor does not support block arguments"),
        ("f(&a, &b)", "a call takes only one block"),
        ("f(&a) { 1 }", "a call takes only one block"),
        ("x = if a b end", "Unexpected token 'if', expected expression"),
        ("x.5", "Unexpected token '5', expected identifier"),
        ("let x: = 5", "Unexpected token '=', expected type"),
        ("import 5", "Unexpected token '5', expected string path"),
        ("match x { | => 1 }", "Unexpected token '|', expected pattern"),
        ('h = {"a" 1}', "Unexpected token '1', expected '=>' or ':'"),
        ("x = 1 +", "Unexpected token 'EOF', expected expression"),
        ("if a\n enum E\n end\nend", "Unexpected token 'enum', expected statement"),
        ("export 5", "Unexpected token '5', expected declaration"),
    ],
)
def test_messages(text: str, message: str) -> None:
    """The wording of docs/spec §2 and §9.2."""
    assert refused(text).message == message


@pytest.mark.parametrize(
    ("text", "opener"),
    [
        ("if a\n b", "the `if` opened on line 1"),
        ("x\nwhile a\n b", "the `while` opened on line 2"),
        ("def f\n a", "the `def` opened on line 1"),
        ("def f\n  if a\n    b\nend", "the `if` opened on line 2"),
        ("if a\n b\nelse\n c", "the `if` opened on line 1"),
        ("xs.each do |x|\n x", "the block opened on line 1"),
        ("f = |x| x\ny", "the lambda opened on line 1"),
        ("foo(1", "the `(` opened on line 1"),
        ("foo(1, 2]", "the `(` opened on line 1"),
        ("h = {a: 1", "the `{` opened on line 1"),
        ("match x {\n 1 => 2", "the `match` opened on line 1"),
        ("class A\n x: Int", "the `class` opened on line 1"),
        ("try\n a\ncatch e\n b", "the `try` opened on line 1"),
        ("xs.each do |x|\n x\n}", "the block opened on line 1"),
    ],
)
def test_a_missing_end_names_what_is_open(text: str, opener: str) -> None:
    """With the line on which it was opened."""
    assert f"expected: {opener} is still open" in refused(text).message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x = 5 y = 6", "`;`"),
        ("a, b = 1, 2", "multiple assignment"),
        ("a.b c", "in parentheses: `b(...)`"),
        ("while a do\nend", "takes no `do`"),
        ("loop do\nend", "`while condition ... end`"),
        ("if turns do\nend", "after a call"),
        ("case x\nend", "match"),
        ("match x { 1 => 2 3 => 4 }", "separated by commas"),
        ("x = 0x1F", "hexadecimal"),
        ("f(...x)", "spreads arrays"),
        ("x = if a b end", "? a : b"),
        ("f(1,,)", "comma too many"),
        ("puts [1, 2]", "`name([...])`"),
        ("x = 1 +\ndef f() 1 end", "the line before is not complete"),
    ],
)
def test_a_hint_says_what_to_do(text: str, part: str) -> None:
    """Where the author probably meant something else."""
    assert part in (refused(text).hint or "")


@pytest.mark.parametrize(
    "piece",
    ["(", "[", "{a: ", "f(", "!", "- ", "fn(x) ", "x.y ", "if x ", "f ", '"#{', "x = ", "c ? 1 : "],
)
def test_nesting_without_end_is_refused_with_an_error(piece: str) -> None:
    """Never with a RecursionError (docs/spec §2.8)."""
    error = refused(piece * 100_000)
    assert error.message.endswith(f"nested too deeply (max depth {MAX_NESTING})") or piece == "x.y "


@pytest.mark.parametrize("opening", ["(", "["])
def test_nesting_up_to_the_limit_is_fine(opening: str) -> None:
    """One level more is refused."""
    closing = {"(": ")", "[": "]"}[opening]
    program(opening + " " + (opening + " ") * (MAX_NESTING - 1) + "1" + closing * MAX_NESTING)
    error = refused((opening + " ") * (MAX_NESTING + 1) + "1" + closing * (MAX_NESTING + 1))
    assert f"max depth {MAX_NESTING}" in error.message
