"""What operators, calls and indexes do with their operands, whatever these are."""

from __future__ import annotations

from typing import Any

import pytest
from soli_stdlib import install

from soli_lang import Interpreter, LimitError, Limits, SoliError


def run(text: str, limits: Limits | None = None) -> Any:
    return Interpreter(install, limits=limits or Limits()).run(text)


def test_a_local_that_holds_a_function_is_called() -> None:
    """Reading it calls it, like any name."""
    text = "def f(g)\n  h = g\n  k = 1\n  h + k\nend\ndef one\n  41\nend\nf(one)"

    assert run(text) == 42


def test_a_variable_read_before_it_is_set_is_an_error_there() -> None:
    """Also where variables are Python's own."""
    with pytest.raises(SoliError, match="Undefined variable 'late'"):
        run("def f(a)\n  if a > 5\n    late = 1\n  end\n  late + a\nend\nf(1)")


def test_a_large_operand_reads_the_variables_of_the_function() -> None:
    """It is a closure of its own, called with a frame made for it."""
    pairs = ", ".join(f'"k{index}": x' for index in range(20))

    assert run(f"def f(a)\n  x = a + 1\n  {{{pairs}}}\nend\nf(2)")["k19"] == 3


@pytest.mark.parametrize("method", ["map", "filter", "each", "all?", "sort_by"])
def test_an_error_in_a_block_over_many_items_is_that_of_the_item(method: str) -> None:
    """Blocks over many items become loops; their errors stay."""
    with pytest.raises(SoliError) as caught:
        run(f'xs = (0..40).map(|x| x == 30 ? "s" : x)\nxs.{method}(|x| x * 2 - 1 > -5)')

    assert caught.value.place[0] == 2


@pytest.mark.parametrize("count", [1, 15, 16, 63, 64, 65, 200])
def test_a_block_over_any_number_of_items_sees_each_once(count: int) -> None:
    """At the sizes where the way of doing it changes, too."""
    assert run(f"(0..{count}).map(|x| x + 1)") == list(range(1, count + 1))


def test_a_block_costs_a_step_per_item() -> None:
    """However it is run."""
    text = "xs = 0..300\nxs.map(|x| x + 1)\nxs.map(|x| x + 1)"

    with pytest.raises(LimitError, match="step limit"):
        run(text, Limits(max_steps=500))
    assert len(run(text, Limits(max_steps=1200))) == 300


def test_a_search_that_ends_early_costs_little() -> None:
    """It does not pay for the items that it never looks at."""
    text = "xs = 0..1000\ni = 0\nwhile i < 20\n  xs.any?(|x| x == 0)\n  i += 1\nend\ni"

    assert run(text, Limits(max_steps=4000)) == 20


def test_a_method_added_to_a_builtin_type_replaces_the_native_one_at_old_call_sites() -> None:
    """Call sites look methods up by the number of arguments; that follows later changes."""
    text = """
def first_of(xs)
  xs.first()
end
before = first_of([1, 2])
Array.define_method("first", fn() { "mine" })
[before, first_of([1, 2])]
"""
    assert run(text) == [1, "mine"]


def test_a_replaced_push_is_called_at_old_call_sites() -> None:
    """It is written out only as long as it is the native one."""
    text = """
def add(xs)
  xs.push(1)
  xs.push(2).length
end
before = add([])
Array.define_method("push", fn(x) { "mine" })
[before, add([])]
"""
    assert run(text) == [2, 4]


@pytest.mark.parametrize("call", ["xs.push(y)", "xs.has_key(y)", "xs.starts_with?(y)"])
def test_an_unset_variable_is_no_argument(call: str) -> None:
    """Nor does its mark get into an array."""
    for receiver in ("[1]", '{ "a": 1 }', '"text"'):
        text = (
            f"xs = {receiver}\nbefore = xs\ntry\n  {call}\ncatch e\n  before = str(e)\nend\ny = 1"
        )
        assert run(f"{text}\n[before, xs == {receiver}]") == [
            f"Undefined variable 'y' at 4:{len(call) + 1}",
            True,
        ]


@pytest.mark.parametrize("size", [0, 100, 200, 300])
def test_joined_texts_of_any_size_are_claimed_alike(size: int) -> None:
    """What is certain to be a String is joined without asking, up to where memory counts."""
    text = f'x = "a" * {size}\n"#{{x}}" + str(x) + "b#{{x}}"'

    assert run(text) == "a" * size + "a" * size + "b" + "a" * size
    if size == 300:
        with pytest.raises(LimitError, match="value too large"):
            run(text, Limits(max_value_bytes=500))


def test_the_object_is_read_before_what_its_index_calls() -> None:
    """`xs[f()]` finds the array that `xs` was when the expression began."""
    text = "xs = [1, 2]\ndef f\n  xs = [3, 4]\n  0\nend\n[xs[f()], xs[0]]"

    assert run(text) == [1, 3]


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ('h = {"a": 1}\nk = "a"\nh[k]', 1),
        ('h = {"a": 1}\nk = "b"\nh[k]', None),
        ("xs = [1, 2]\ni = -1\nxs[i]", 2),
        ('xs = "héllo"\ni = 1\nxs[i]', "é"),
        ("h = {1: 2}\nk = 1\nh[k]", 2),
        ('h = {}\nk = "a"\nh[k] = 5\nh', {"a": 5}),
        ("xs = [1, 2]\ni = 0\nxs[i] = 9\nxs", [9, 2]),
    ],
)
def test_elements_are_found_whatever_the_collection(code: str, value: Any) -> None:
    """By a key that is not written in the program."""
    assert run(code) == value


def test_str_and_len_can_be_shadowed() -> None:
    """They are written out only where nothing else has their name."""
    assert run('def str(x)\n  "mine"\nend\nlen = fn(x) { 7 }\n[str(1), len("abc")]') == ["mine", 7]


def test_an_error_of_len_stands_at_its_call() -> None:
    """The slow way is the usual one."""
    with pytest.raises(SoliError, match="len\\(\\) expects") as caught:
        run("x = 1\ny = 2 + len(x)")

    assert caught.value.place[0] == 2


@pytest.mark.parametrize("parts", [1, 31, 33, 500])
def test_interpolations_of_any_length_give_the_same(parts: int) -> None:
    """Short ones are f-strings of Python, long ones are joined."""
    assert run('x = 7\n"' + "#{x}-" * parts + '#{"<#{x}>"}"') == "7-" * parts + "<7>"


@pytest.mark.parametrize("right", ["note(1)", "note(1) + 1", "(1 / 0)", "[1].first", "seen[9]"])
def test_the_left_side_has_no_value_before_the_right_side_is_asked(right: str) -> None:
    """Also where its variable is read as it is, for speed."""
    text = f"""
seen = []
def note(x)
  seen.push(x)
  x
end
def f(a)
  if a
    late = 1
  end
  late + {right}
end
message = f(false) rescue "failed"
said = ""
try
  f(false)
catch e
  said = e.message
end
[message, said, seen]
"""
    assert run(text) == ["failed", "Undefined variable 'late'", []]


def test_a_function_on_the_left_is_called_before_the_right_side() -> None:
    """In the order written, though a bare name is read as it is first."""
    text = """
seen = []
def one
  seen.push("left")
  1
end
def two(x)
  seen.push("right")
  x
end
def f(g)
  g + two(1)
end
[f(one), seen]
"""
    assert run(text) == [2, ["left", "right"]]


@pytest.mark.parametrize(
    "text", ['1 + ""', '100000000000000000000.0 + ""', '"" + 1', '"k" + str(1)']
)
def test_a_text_is_joined_with_literals_of_any_kind(text: str) -> None:
    assert run(f"def f()\n  {text}\nend\nf()") == run(f"def f(a)\n  a\nend\nf({text})")


def test_what_str_gives_of_an_int_is_joined_whatever_comes_of_it() -> None:
    text = (
        'def f(n)\n  m = 4\n  [str(m) + "k", "k" + str(m), str(m) + str(m), "#{n}" + str(m)]\nend\n'
    )

    assert run(f"{text}f(7)") == ["4k", "k4", "44", "74"]
    with pytest.raises(LimitError):
        run(f'{text}f("x" * 8000)', Limits(max_call_bytes=20_000))
