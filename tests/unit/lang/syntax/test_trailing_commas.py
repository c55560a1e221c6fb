"""A comma behind the last of several things in brackets means nothing (docs/spec §2.1)."""

from __future__ import annotations

import pytest

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tools.formatting import format_source
from soli_lang.tree import nodes

PAIRS = [
    ("f(1, 2,)", "f(1, 2)"),
    ("f(\n1,\n2,\n)", "f(\n1,\n2\n)"),
    ("f(a: 1,)", "f(a: 1)"),
    ("f(&b,)", "f(&b)"),
    ("a.m(1,) { it }", "a.m(1) { it }"),
    ("new A(1,)", "new A(1)"),
    ("def f(a, b = 1, &c,)\na\nend", "def f(a, b = 1, &c)\na\nend"),
    ("class A\nnew(a,)\n@a = a\nend\nend", "class A\nnew(a)\n@a = a\nend\nend"),
    ("fn(a,) { a }", "fn(a) { a }"),
    ("->(a,) { a }", "->(a) { a }"),
    ("[1].map(|n,| n)", "[1].map(|n| n)"),
    ("f do |a, b,|\na\nend", "f do |a, b|\na\nend"),
    ('import { a, b as c, } from "./x"', 'import { a, b as c } from "./x"'),
    ("[1, 2,]", "[1, 2]"),
    ('{"a": 1,}', '{"a": 1}'),
    ("enum E\nV(a,),\nend", "enum E\nV(a)\nend"),
    ("match x { E.V(a,) => 1, _ => 2, }", "match x { E.V(a) => 1, _ => 2 }"),
]


def shape(text: str) -> list[str]:
    """The kinds of all nodes, in order."""
    return [node.__class__.__name__ for node in nodes.walk(parse(Source("<t>", text)).body)]


@pytest.mark.parametrize(("with_comma", "without"), PAIRS)
def test_it_means_nothing(with_comma: str, without: str) -> None:
    assert shape(with_comma) == shape(without)


@pytest.mark.parametrize("text", [one for one, _ in PAIRS])
def test_the_formatter_keeps_it(text: str) -> None:
    """It is the author's; what is formatted stays as it is."""
    formatted = format_source(Source("<t>", text))

    assert formatted.count(",") == text.count(",")
    assert format_source(Source("<t>", formatted)) == formatted


@pytest.mark.parametrize(
    "text",
    [
        *("f(,)", "f(1,,)", "def f(,)\nend", "def f(a,,)\nend", "fn(,) { 1 }", "[,]", "{,}"),
        *('import { , } from "./x"', "(1,)", "a[1,]", "f 1,", "return 1,", "x = 1,"),
    ],
)
def test_elsewhere_it_is_an_error(text: str) -> None:
    """Nothing before it, two of them, a group, an index, and calls without brackets."""
    with pytest.raises(SoliSyntaxError):
        parse(Source("<t>", text))
