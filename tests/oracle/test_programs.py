"""The random programs: what they are made of, that they are programs, and how one is made small."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import pytest

from soli_lang.base.source import Source
from soli_lang.evaluator.writers.operators import soft
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes

from .campaign import text_of
from .programs import CHOICES, Writer, program
from .reading import misread
from .shrinking import shrunk
from .test_interpreter import concrete

SEEDS = range(400)
VALUES = [
    -5, 0, 9223372036854775807, -9223372036854775807, 1.5, -0.5, True, None, "", "é→😀",
    "raw\\n#{x}",
]  # fmt: skip


@cache
def trees() -> list[nodes.Program]:
    return [parse(Source(f"seed {seed}", program(seed))) for seed in SEEDS]


def everything() -> Iterator[nodes.Node]:
    for tree in trees():
        yield from nodes.walk(tree)


def test_every_kind_of_node_is_made() -> None:
    """A kind that no program has is judged by nobody."""
    kinds = {one for one in concrete(nodes.Node) if one.__module__ == nodes.__name__}
    made = {type(node) for node in everything()}
    for node in everything():
        if isinstance(node, nodes.Logical) and node.operator == "??":
            made |= {type(one) for one in nodes.walk(soft(node.left))}
    assert sorted(one.__name__ for one in kinds - made) == []


def test_every_literal_is_made() -> None:
    made: list[Any] = [node.value for node in everything() if isinstance(node, nodes.Literal)]
    made += [
        -node.operand.value
        for node in everything()
        if isinstance(node, nodes.Unary)
        and isinstance(node.operand, nodes.Literal)
        and isinstance(node.operand.value, int | float)
    ]
    found = {(type(one).__name__, str(one)) for one in made}
    assert [one for one in VALUES if (type(one).__name__, str(one)) not in found] == []
    assert {"Decimal", "Symbol"} <= {kind for kind, _ in found}


def test_programs_are_read_as_they_are_written() -> None:
    """In whatever words: the way of writing must not matter, and places must be where text is."""
    found = {seed: misread(text_of(seed), seed) for seed in SEEDS[:200]}
    assert {seed: one for seed, one in found.items() if one} == {}


def test_braces_with_more_after_them_are_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """`{ … } if c` would be a block and then an `if` of its own, which lacks its `end`;
    `{ … } == 1` would be a block and then no expression."""
    monkeypatch.setitem(CHOICES, "braces", ["{ let own = 1\nown }"])
    writer = Writer(Random(1))
    assert writer._fill("$braces if b", 0) == "({ let own = 1\nown }) if b"
    assert writer._fill("if b then $braces else 1 end", 0).startswith("if b then ({ let")
    assert writer._fill("$braces == 1", 0) == "({ let own = 1\nown }) == 1"
    assert writer._fill("x = $braces\n$braces\n", 0).endswith("\n{ let own = 1\nown }\n")


def test_no_command_stands_in_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backtick ends the command that it stands in."""
    monkeypatch.setitem(CHOICES, "command", ["`ls`"])
    written = Writer(Random(1))._fill("`ls #{$command}`\nx = $command", 0)
    assert written.count("`") == 4
    parse(Source("command", written))


def test_one_seed_makes_one_program() -> None:
    assert [text_of(seed) for seed in range(20)] == [text_of(seed) for seed in range(20)]
    assert len({text_of(seed) for seed in range(20)}) == 20


def test_what_fails_is_made_small() -> None:
    """Lines, branches, arguments and operands that have nothing to do with it are left out."""
    text = (
        'print("first")\ndef f(a, b = 2)\n  if a > 1\n    print(b)\n  else\n'
        "    x = [1, null.foo, 3]\n  end\nend\ntry\n  f(0)\ncatch e\n  print(e)\nend\n"
    )
    assert shrunk(text, lambda one: "null.foo" in one).strip() == "null.foo"
