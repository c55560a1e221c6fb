"""What methods of other languages are here, in `soli check` and when a program runs."""

from __future__ import annotations

import pytest
from soli_runtime.builtins.library import install_library

from soli_lang import Interpreter, SoliError
from soli_lang.tools.checker import check, known_of

from ..shapes import program


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('"a".padStart(3)', "it is `lpad` here"),
        ('"a".charAt(0)', "a character is `text[0]`"),
        ('"a".repeat(2)', "a text is repeated by `text * 3`"),
        ('"abc".slice(1)', "it is `substring` here"),
        ("[1].each_slice(2)", "a part of an array is `items.slice(0, 2)`"),
        ("[1].sort!", "`sort` gives a new value: `x = x.sort`"),
        ("5.each(|i| print(i))", "it is `times` here"),
        ("[{}].name", "an Array has items, each with its own: `.map(|one| one.name)`, `[0]`"),
        ('{ "a": 1 } + 1', "two hashes are joined by `a.merge(b)`, a key is set by "
         '`hash["key"] = value`'),
        ('clock(1, 2)', "it is `clock()`"),
        ('ws_broadcast_room("a")', "it is `ws_broadcast_room(channel, message, options = …)`"),
        ('"a".replace("b")', "it is `replace(old, new)`"),
        ("isset(1)", "ask `value != null`, or `value.nil?`"),
    ],
)  # fmt: skip
def test_the_hint_is_the_same_in_a_check_and_at_run_time(text: str, hint: str) -> None:
    machine = Interpreter(install_library).machine
    found = [one.hint for one in check(program(f"print({text})\n"), known_of(machine))]
    with pytest.raises(SoliError) as raised:
        Interpreter(install_library).run(f"print({text})")

    assert found == [hint]
    assert raised.value.hint == hint


@pytest.mark.parametrize(
    ("declared", "text", "hint"),
    [
        ("enum Color Red Green end", "Color.Blue", "its variants are Red, Green"),
        ("class C\n  n: Int = 1\n  def add(x) x end\nend", "C.new().foo", "it has n, add"),
    ],
)
def test_what_a_type_of_the_program_has_is_listed(declared: str, text: str, hint: str) -> None:
    machine = Interpreter(install_library).machine
    whole = f"{declared}\nprint({text})\n"

    assert [one.hint for one in check(program(whole), known_of(machine))] == [hint]
    with pytest.raises(SoliError) as raised:
        Interpreter(install_library).run(whole)
    assert raised.value.hint == hint


def test_a_function_has_no_json_and_that_says_what_to_do() -> None:
    with pytest.raises(SoliError) as raised:
        Interpreter(install_library).run('print({ "f": fn() { 1 } }.to_json)')

    assert raised.value.message == "Type error: Cannot convert Function to JSON"
    assert "call the function" in (raised.value.hint or "")
