"""`soli fmt`: indentation, spaces and blank lines change, nothing else does."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tools.formatting import format_source, same_meaning

from ....support.corpus import ROOT, program_files, vector_programs


def formatted(text: str) -> str:
    return format_source(Source("p.soli", text))


FILES = program_files()
VALID = []
for _path in FILES:
    try:
        parse(Source(str(_path), (ROOT / _path).read_text("utf-8")))
    except SoliSyntaxError:
        continue  # what tests bad input with
    VALID.append(_path)


@pytest.mark.parametrize("path", VALID, ids=str)
def test_files_keep_their_meaning_and_format_once(path: Path) -> None:
    """`format_source` compares the programs before and after; doing it twice changes nothing."""
    once = formatted((ROOT / path).read_text("utf-8"))

    assert formatted(once) == once


@pytest.mark.parametrize(
    ("name", "text"), vector_programs(), ids=[name for name, _ in vector_programs()]
)
def test_vectors_keep_their_meaning_and_format_once(name: str, text: str) -> None:
    once = formatted(text)

    assert formatted(once) == once


MARGINLESS = [
    path
    for path in VALID
    if not any(mark in (ROOT / path).read_text("utf-8") for mark in ('"""', "[[", 'r"', "/*"))
]
"""Files without text over several lines, whose white space is text."""


@pytest.mark.parametrize("path", MARGINLESS, ids=str)
def test_indentation_does_not_matter(path: Path) -> None:
    """A program whose lines all begin at the margin comes out the same."""
    once = formatted((ROOT / path).read_text("utf-8"))
    flat = "\n".join(line.lstrip() for line in once.split("\n"))

    assert formatted(flat) == once


@pytest.mark.parametrize("seed", range(20))
def test_spaces_between_tokens_do_not_matter(seed: int) -> None:
    """More white space where there is some comes out the same."""
    chance = random.Random(seed)
    once = formatted((ROOT / chance.choice(MARGINLESS)).read_text("utf-8"))
    lines = [_widened(line, chance) for line in once.split("\n")]

    assert formatted("\n".join(lines)) == once


def _widened(line: str, chance: random.Random) -> str:
    """*line* with some single spaces doubled, outside strings and comments."""
    if any(mark in line for mark in ("'", '"', "#", "//", "%w", "%i", "%n", "`")):
        return line
    return "".join(char * (2 if char == " " and chance.random() < 0.3 else 1) for char in line)


CASES = {
    "bodies are indented by two": (
        "def f(a)\nif a\nb\nend\nend\n",
        "def f(a)\n  if a\n    b\n  end\nend\n",
    ),
    "clauses stand below what they belong to": (
        "try\na\ncatch e\nb\nfinally\nc\nend\n",
        "try\n  a\ncatch e\n  b\nfinally\n  c\nend\n",
    ),
    "else and elsif too": (
        "if a\nb\nelsif c\nd\nelse\ne\nend\n",
        "if a\n  b\nelsif c\n  d\nelse\n  e\nend\n",
    ),
    "binary operators are spaced": ("x=1+2*3\n", "x = 1 + 2 * 3\n"),
    "unary ones are not": ("x = - 1\ny = ! a\n", "x = -1\ny = !a\n"),
    "commas are followed by a space": ("f(1,2 , 3)\n", "f(1, 2, 3)\n"),
    "brackets hug": ("f( 1 )\na[ 0 ]\n[ 1 ]\n", "f(1)\na[0]\n[1]\n"),
    "braces do not": ("h = {a:1}\nxs.each{|x|x}\n", "h = { a: 1 }\nxs.each { |x| x }\n"),
    "empty braces are empty": ("h = { }\ndef f() { }\n", "h = {}\ndef f() {}\n"),
    "labels stick to their colon": ("f(a :1)\n", "f(a: 1)\n"),
    "the ternary's do not": ("x = a ? 1 : 2\n", "x = a ? 1 : 2\n"),
    "continued lines are indented": ("x = a +\nb\ny = c\n.d\n", "x = a +\n  b\ny = c\n  .d\n"),
    "lists over lines are indented": ("x = [\n1,\n2,\n]\n", "x = [\n  1,\n  2,\n]\n"),
    "blocks in calls end where the call began": (
        "f(1, fn() {\na\n})\n",
        "f(1, fn() {\n  a\n})\n",
    ),
    "match arms are indented": (
        "match x {\n1 => 2,\n_ => 3,\n}\n",
        "match x {\n  1 => 2,\n  _ => 3,\n}\n",
    ),
    "blank lines are at most one": ("a\n\n\n\nb\n", "a\n\nb\n"),
    "the end is one line break": ("a\n\n\n", "a\n"),
    "comments are kept and indented": (
        "def f()\n# one\na # two\n# three\nend\n# four\n",
        "def f()\n  # one\n  a # two\n  # three\nend\n# four\n",
    ),
    "all kinds of comments": ("a // b\n/* c\n d */\ne\n", "a // b\n/* c\n d */\ne\n"),
    "strings are left alone": ('x = "a  #{ b+c }  d"\n', 'x = "a  #{ b+c }  d"\n'),
    "raw texts keep their lines": ('x = """a\n   b"""\n', 'x = """a\n   b"""\n'),
    "nested arrays stand close": ("x = [ [a], [ b ] ]\n", "x = [[a], [b]]\n"),
    "casts and safe members": ("x=f( a )?.b  as  Int\n", "x = f(a)?.b as Int\n"),
    "an empty program stays empty": ("", ""),
    "comments alone are a program": ("# only\n", "# only\n"),
    "types are left alone": (
        "def f(a:Int)->String?\na\nend\n",
        "def f(a: Int) -> String?\n  a\nend\n",
    ),
    "class members are indented": (
        "class A<B\nx:Int=1\nnew(x)\n@x=x\nend\nend\n",
        "class A < B\n  x: Int = 1\n  new(x)\n    @x = x\n  end\nend\n",
    ),
    "Windows line ends become plain": ("a\r\nb\r\n", "a\nb\n"),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_shape(text: str, expected: str) -> None:
    assert formatted(text) == expected
    assert formatted(expected) == expected


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(SoliSyntaxError):
        formatted("def f(")


def test_programs_that_differ_do_not_mean_the_same() -> None:
    """The safety net: a changed literal, name or structure is seen."""
    original = parse(Source("a", "x = [1, 2]"))
    for other in ("x = [1, 3]", "y = [1, 2]", "x = [1, 2, 3]", "x = [1, 2.0]", "x = (1)"):
        assert not same_meaning(original, parse(Source("b", other)))
    assert same_meaning(original, parse(Source("b", "x   =   [ 1,\n2 ]")))
