"""Words and shapes of other languages: `soli check` and a run say what is written here instead."""

from __future__ import annotations

import pytest
from soli_stdlib import install

from soli_lang import Interpreter, SoliError
from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import check, known_of

HINTS = {
    "def f(x: Int | String)\n x\nend": "`Int?` is Int or null",
    "let x: Int | String = 5": "`Int?` is Int or null",
    "def f() -> Int | String\n 5\nend": "`Int?` is Int or null",
    "def f(x: Array<Int>)\n x\nend": "`Int[]`",
    "x = 5 if true else 6": "`condition ? 1 : 2`",
    'x = ("a", "b")': "an array: `[1, 2]`",
    "def f\n return 1, 2\nend": "`return [1, 2]`",
    "for (const x of [1, 2]) { print(x) }": "`for x in values ... end`",
    'let {a} = { "a": 1 }': "not taken apart",
    "let [a, b] = [1, 2]": "not taken apart",
    "{:ok, v} = 5": "there are no tuples",
    "x = [1]\nif 1 in x\n 1\nend": "`values.includes?(x)`",
    "def f(a:, b: 2)\n a\nend": "`def f(a, b = 2)`",
    "for i in range(3)\n i\nend": "`range(0, 3)`",
    'upcase("a")': "`value.upcase`",
    '"abc" |> upcase': "`value.upcase`",
    'IO.puts("a")': "`print(value)`",
    "defmodule Shop do\nend": "`module Name ... end`",
    "x = new Map()": '`{ "key": 1 }`',
    "assert 1 == 1": "`throw",
    "x = null\nx is null": "`value == null`",
    "use Foo": '`import "./name"`',
    "enumerate([1])": "`for item, index in items",
    "sorted([1])": "`items.sort`",
    'open("a")': "`File.read(path)`",
    "setTimeout(f, 5)": "`sleep(seconds)`",
    "a, b = 1, 2": "one on each line",
    'KV.incr("k", 5)': "`KV.incrby(key, amount)`",
}


@pytest.mark.parametrize(("text", "part"), HINTS.items())
def test_check_and_run_say_the_soli_way(text: str, part: str) -> None:
    """In the hint of the first thing that is wrong."""
    interpreter = Interpreter(install)
    source = Source("t", text + "\n")
    try:
        findings = check(parse(source), known_of(interpreter.machine))
        hints = [one.hint or "" for one in findings if one.severity == "error"]
    except SoliSyntaxError as error:
        hints = [error.hint or ""]
    with pytest.raises(SoliError) as caught:
        interpreter.load(source)

    assert any(part in one for one in hints), hints
    assert part in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        "function add(a, b) { return a + b }",
        "defmodule Shop do\nend",
        "use Foo",
        "var x = y",
    ],
)
def test_what_follows_a_foreign_word_is_not_reported_as_well(text: str) -> None:
    """One mistake, one error; the next line is looked at again."""
    interpreter = Interpreter(install)
    found = check(parse(Source("t", text + "\nprnt(1)\n")), known_of(interpreter.machine))
    errors = [one.message for one in found if one.severity == "error"]

    assert len(errors) == 2
    assert errors[1] == "Undefined variable 'prnt'"


def test_a_name_that_is_no_call_is_not_taken_for_a_method() -> None:
    """`length` may be a variable that is missing."""
    interpreter = Interpreter(install)
    (found,) = check(parse(Source("t", "print(length + 1)\n")), known_of(interpreter.machine))

    assert "is a method" not in (found.hint or "")


ADVICE = {
    '"5" - 1': "`text.to_i`",
    'true && "a" > 1': "`text.to_i`",
    "1 / 0": "`b == 0 ?",
    "a = [1]\na[5] + 1": "the last -1",
    "const N = 1\nN = 2": "`let",
    "i = 0\ni =+ 1": "`x += 1`",
    'print("abc': "the quote that it began with",
    "edn": "did you mean 'end'?",
    "let x: Itn = 5": "did you mean 'Int'?",
    "def add(a, b = 1)\n a\nend\nadd()": "it is `add(a, b = …)`",
    "show(5)": "`def show(…) … end`",
    "print(total + 1)": "`total = …`",
}


@pytest.mark.parametrize(("text", "part"), ADVICE.items())
def test_what_fails_says_what_to_do(text: str, part: str) -> None:
    """The place, what is wrong, and what to write."""
    interpreter = Interpreter(install)
    try:
        found = check(parse(Source("t", text + "\n")), known_of(interpreter.machine))
        hints = [one.hint or "" for one in found if one.severity == "error"]
    except SoliSyntaxError as error:
        hints = [error.hint or ""]

    assert any(part in one for one in hints), hints
