"""Words of other languages: each gets the Soli way, when it runs and in `soli check`."""

from __future__ import annotations

import time

import pytest
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, SoliError
from soli_lang.base.errors import SoliAttributeError
from soli_lang.base.foreign_words import FOREIGN_WORDS
from soli_lang.base.near_names import did_you_mean
from soli_lang.base.source import Source, Span
from soli_lang.syntax.foreign_shapes import LAMBDA, LONGEST_TEXT
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import check, known_of


def hint_of(text: str) -> str | None:
    with pytest.raises(SoliError) as caught:
        Interpreter(install, capabilities=Capabilities(output=lambda _: None)).run(text, "p.soli")
    return caught.value.hint


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("var x = 1", "`x = 1`"),
        ("function(1)", "`def name(x) ... end`"),
        ("x = lambda", "`fn(x) { x + 1 }`"),
        ("x = True", "`true`"),
        ("x = False", "`false`"),
        ("x = None", "`null`"),
        ("x = undefined", "`null`"),
        ('raise "boom"', "`throw"),
        ('f"a {1}"', '"a #{value}"'),
        ("elif true", "`if ... elsif"),
        ("switch(1)", "`match value"),
        ("console.log(1)", "`print(value)`"),
        ("typeof(1)", "`type(value)`"),
        ("for i in [1]\n  continue\nend", "`next`"),
        ("require 'json'", '`import "./name"`'),
        ("pass", "leave it out"),
        ("user = null\nuser?.name", "`user&.name`"),
        ("retrun 5", "'return'"),
        ("x = fales", "'false'"),
        ("x = abs(-3)", "`x.abs`"),
        ("x = max(1, 2)", "`[a, b].max`"),
        ("quit", "a program ends"),
        ("x = ENV", "`getenv("),
        ("x = parseInt('3')", "`int(text)`"),
        ("x = rand(5)", "`Math.random()`"),
        ("print(Time.now)", "`DateTime.now()`"),
        ("class A\n attr_accessor :x\nend", "`name: String`"),
        ("p 1", "value.inspect"),
        ("x = [[hello world]]", "in three quotes"),
        ("x = [[ hello world ]]", "in three quotes"),
        ("x = [[hello, world!]]", "in three quotes"),
        ("x = [[ SELECT * FROM t ]]", "in three quotes"),
        ("[1].map { |x| next 0 if x == 1; x }", "`return value`"),
        ("class A\n def f(n)\n  n\n end\n def g\n  f(1)\n end\nend\nA().g", "`this.f(...)`"),
        ("class A\n def f\n  1\n end\n def g\n  [1].map { f }\n end\nend\nA().g", "`this.f`"),
        ("class A\n static def f\n  1\n end\n static def g\n  f\n end\nend\nA.g", "`A.f`"),
    ],
)
def test_a_foreign_word_is_explained(text: str, part: str) -> None:
    """At run time and before it."""
    known = known_of(Interpreter(install).machine)
    found = check(parse(Source("p.soli", text)), known)

    assert part in (hint_of(text) or "")
    assert any(part in (one.hint or "") for one in found if one.code == "unknown-name")


def test_no_foreign_word_is_a_name_here() -> None:
    """What the language has needs no explanation."""
    assert set(FOREIGN_WORDS) & set(Interpreter(install).machine.globals) == set()


def test_who_defines_a_foreign_word_is_left_alone() -> None:
    """They are names like others."""
    lines: list[str] = []
    interpreter = Interpreter(install, capabilities=Capabilities(output=lines.append))

    interpreter.run("def raise(x)\n  x\nend\nvar = 2\nprint(raise(var))", "p.soli")

    assert "".join(lines).strip() == "2"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('"abc".upcsae', "did you mean 'upcase'?"),
        ("[].pussh(1)", "did you mean 'push'?"),
        ("{}.kyes()", "did you mean 'keys'?"),
        ("[].append(1)", "it is `push` here"),
        ('"a".toUpperCase()', "it is `upcase` here"),
        ("Math.flor(1.5)", "did you mean 'floor'?"),
        ("class A\n  def total\n    1\n  end\nend\nA.new().totl", "did you mean 'total'?"),
        ("class A\n  n = 1\nend\nA.new().m_n", "it has n"),
        ('"abc".frobnicate', None),
    ],
)
def test_a_member_is_looked_for_by_the_type_of_its_receiver(text: str, hint: str | None) -> None:
    """Methods of the builtin type, or fields and methods of the class."""
    assert hint_of(text) == hint


def test_a_caught_error_looks_for_nothing() -> None:
    """A program may ask for what is not there by the thousand."""
    asked: list[int] = []

    def near() -> str:
        asked.append(1)
        return "hint"

    error = SoliAttributeError("Cannot access property 'x' on String")
    error.suggest(near)
    error.locate(Span(0, 1), Source("p.soli", "x"))

    assert asked == []
    assert (error.hint, error.hint, asked) == ("hint", "hint", [1])


def test_a_huge_name_is_compared_with_nothing() -> None:
    """It would take the product of the lengths."""
    name = "x" * 200_000
    start = time.perf_counter()

    assert hint_of(f'"a".{name}()') is None
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "text",
    ["var = 1; x = {1 2}", "f(async, 1 2)", "if x == y = 1", "match 1 { n => 2 x => 3 }"],
)
def test_other_errors_keep_their_hints(text: str) -> None:
    """Words that are no foreign shape where they stand explain nothing."""
    with pytest.raises(SoliError) as caught:
        parse(Source("p.soli", text))

    hint = caught.value.hint or ""
    assert hint not in {*FOREIGN_WORDS.values(), LAMBDA}
    assert "===" not in hint


def test_many_long_names_are_not_all_compared() -> None:
    """A program can make as many as it likes, each as like the others as it likes."""
    ending = "x" * 50
    names = [f"m{number}_{ending}" for number in range(3000)]
    start = time.perf_counter()

    assert did_you_mean(f"m17_{ending[1:]}y", names) is not None
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(("extra", "has_hint"), [(0, True), (1, False)])
def test_long_texts_are_not_read_again_for_their_hints(extra: int, has_hint: bool) -> None:
    """One character past the bound there is none."""
    shape = "x = 1 === 1\n"
    text = shape + "#" * (LONGEST_TEXT - len(shape) + extra)

    with pytest.raises(SoliError) as caught:
        parse(Source("p.soli", text))

    assert ("there is no `===`" in (caught.value.hint or "")) is has_hint


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[1, 2, 3][0..2]", "`items.slice(0, 2)`"),
        ('"abc"[0..2]', "`text.substring(0, 2)`"),
        ('"%.2f" % 1.5', "#{price.round(2)}"),
        ("class A\n def initialize(x)\n  x\n end\nend\nA.new(1)", "written `new(...)`"),
        ("f = fn() { @x = 1 }\nf()", "a variable is `x`"),
        ("@x = 1", "a variable is `x`"),
        ("def f(*a)\nend", "take an Array"),
        ("try\n 1\nrescue => e\n 2\nend", "`rescue e`"),
        ("1 <=> 2", "`items.sort_by"),
    ],
)
def test_what_works_elsewhere_gets_a_hint(text: str, part: str) -> None:
    """Where the fault shows, whatever kind it is."""
    assert part in (hint_of(text) or "")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("dfe f(x)\n  x\nend", "did you mean 'def'?"),
        ("whlie true\n  x = 1\nend", "did you mean 'while'?"),
        ("def f\n  clas A\n  end\nend\nend", "did you mean 'class'?"),
        ('print "x"\nend', "nothing is open that `end` could close"),
        ("match 1 {\n  -1 => 2\n}", "n if n == -1 =>"),
        ("x = 1.5d", "`1.5D`"),
        ("x = 1e5", "no exponents"),
        ("for k, v in { a: 1 }\nend", "hash.each |key, value|"),
        ("(1..3).to_a", "an array is one already"),
    ],
)
def test_a_slip_is_told_where_it_was_made(text: str, part: str) -> None:
    assert part in (hint_of(text) or "")


def test_looking_for_a_misspelt_word_costs_little() -> None:
    """A hint is looked for in few lines, of short texts."""
    started = time.process_time()
    with pytest.raises(SoliError):
        parse(Source("p.soli", "ab c\n" * (LONGEST_TEXT // 5 - 2) + "end"))
    assert time.process_time() - started < 2
