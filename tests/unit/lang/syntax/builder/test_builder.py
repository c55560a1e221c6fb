"""Spans and details of nodes that shapes do not show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from soli_lang.tree import nodes

from ...shapes import only, program

TEXT = "total = price.round(2) + tax(net, rate: 3)"


def covered(node: Any, text: str) -> str:
    return text[node.span.start : node.span.end]


def test_an_operation_spans_its_operands() -> None:
    """From the start of the left operand to the end of the right one (docs/spec §9.2)."""
    node = only(TEXT)
    assert covered(node, TEXT) == TEXT
    assert covered(node.value, TEXT) == "price.round(2) + tax(net, rate: 3)"


def test_a_call_spans_from_its_callee_to_its_bracket() -> None:
    """A member access from its receiver, an argument with its label."""
    node = only(TEXT).value
    assert covered(node.left, TEXT) == "price.round(2)"
    assert covered(node.left.callee, TEXT) == "price.round"
    assert [covered(one, TEXT) for one in node.right.arguments] == ["net", "rate: 3"]


def test_expressions_in_interpolations_point_into_the_file() -> None:
    """Not into a text of their own (docs/spec §1.7)."""
    text = 'x = 1\ny = "a #{b.c} d"'
    interpolation = program(text).body.statements[1].value  # type: ignore[union-attr]
    assert covered(interpolation.parts[1], text) == "b.c"


@pytest.mark.parametrize(
    "text",
    [
        "if a\n b\nelse\n c\nend",
        "while a { b }",
        "for x in xs\n y\nend",
        "def f(x)\n y\nend",
        "class A\n def m 1 end\nend",
        "try\n a\ncatch e\n b\nend",
        "xs.each do |x| y end",
        "match x { 1 => 2 }",
        "print 1, 2",
    ],
)
def test_a_construct_spans_all_of_its_text(text: str) -> None:
    """From its first to its last character."""
    assert covered(only(text), text) == text


def test_decimals_are_normalised() -> None:
    """Trailing zeros go, two places stay when nothing else would (docs/spec §1.5)."""
    assert [str(only(text).value) for text in ("1.50D", "3.0D", "10.10D")] == [
        "1.5",
        "3.00",
        "10.1",
    ]
    assert only("1.5D").value == Decimal("1.5")


def test_a_block_without_bars_has_no_parameters_to_speak_of() -> None:
    """So its element is read as `it` (docs/spec §6.5)."""
    assert only("xs.map { it }").block.function.has_params is False
    assert only("xs.map { |x| x }").block.function.has_params is True
    assert only("f = || { 1 }").value.function.has_params is True


def test_a_type_knows_its_parts() -> None:
    """Base name, array, nullable; a function type is `fn` (docs/spec §7.1)."""

    def parts(text: str) -> tuple[str, bool, bool]:
        kind = only(f"let x: {text}").type
        return kind.name, kind.is_array, kind.is_nullable

    assert parts("Int") == ("Int", False, False)
    assert parts("String?") == ("String", False, True)
    assert parts("Int[]?") == ("Int", True, True)
    assert parts("fn(Int?) -> Int?") == ("fn", False, False)


def test_next_is_a_node_unless_it_is_given_something() -> None:
    """`next` and `next()` go on with the loop; `next(1)` is an ordinary call."""
    assert isinstance(only("next"), nodes.Next)
    assert isinstance(only("next()"), nodes.Next)
    assert isinstance(only("next(1)"), nodes.Call)
    assert isinstance(only("x.next"), nodes.Member)
    assert isinstance(only("next = 1").target, nodes.Name)


def test_a_program_without_statements_is_a_program() -> None:
    """Nothing, white space and comments."""
    assert program("").body.statements == ()
    assert program("\n # nothing\n").body.statements == ()


def test_two_nodes_alike_are_two_nodes() -> None:
    """Nodes are compared by identity."""
    first, second = program("x; x").body.statements
    assert first != second
