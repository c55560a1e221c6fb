"""Blocks over many items are loops of Python; nobody must notice but by the time it takes."""

from __future__ import annotations

from typing import Any

import pytest
from soli_stdlib import install

from soli_lang import Interpreter, LimitError, Limits, SoliError

SIZES = [0, 1, 15, 16, 17, 63, 64, 65, 130]
"""Around the sizes at which the way of doing it changes."""


def run(text: str, limits: Limits | None = None) -> Any:
    return Interpreter(install, limits=limits or Limits()).run(text)


def ask(call: str, count: int) -> Any:
    return run(f"xs = 0..{count}\n{call}")


@pytest.mark.parametrize("count", SIZES)
def test_choosing_and_searching_see_each_item_once_and_in_order(count: int) -> None:
    """As Python's own comprehensions say."""
    xs = list(range(count))
    last = count - 1

    assert ask("xs.filter(|x| x % 3 == 0)", count) == [x for x in xs if x % 3 == 0]
    assert ask("xs.reject(|x| x % 3 == 0)", count) == [x for x in xs if x % 3]
    assert ask(f"xs.find(|x| x == {last})", count) == (last if xs else None)
    assert ask("xs.find(|x| x > 1000)", count) is None
    assert ask(f"xs.any?(|x| x == {last})", count) is bool(xs)
    assert ask("xs.all?(|x| x < 1000)", count) is True
    assert ask(f"xs.all?(|x| x != {last})", count) is not bool(xs)
    assert ask(f"xs.none?(|x| x == {last})", count) is not bool(xs)
    assert ask("xs.count(|x| x < 20)", count) == min(count, 20)
    assert ask("xs.one?(|x| x == 0)", count) is bool(xs)


@pytest.mark.parametrize("count", SIZES)
def test_a_block_may_change_the_variables_around_it(count: int) -> None:
    """Also those of a function further out, of the file, and of more than one."""
    text = f"""
in_file = 0
def total(xs)
  sum = 0
  inner = fn() {{
    turns = 0
    xs.each(|x| {{
      sum += x
      turns = turns + 1
      in_file += 1
    }})
    turns
  }}
  [inner(), sum, in_file]
end
total(0..{count})
"""
    assert run(text) == [count, sum(range(count)), count]


def test_a_block_far_inside_reaches_all_variables_around_it() -> None:
    """However many functions are in between."""
    text = """
def f(a)
  seen = []
  fn(b) {
    fn(c) {
      fn(d) {
        fn(e) {
          (0..20).map(|x| a * 10000 + b * 1000 + c * 100 + d * 10 + e + x * 0)[19]
        }
      }
    }
  }
end
f(1)(2)(3)(4)(5)
"""
    assert run(text) == 12345


def test_a_constant_around_a_block_stays_one() -> None:
    """Writing to it is refused where it is not the block's own."""
    with pytest.raises(SoliError, match="cannot reassign constant 'C'"):
        run("def f\n  const C = 1\n  (0..20).each(|x| C = x)\nend\nf()")


def test_a_variable_of_a_block_begins_unset_for_each_item() -> None:
    """It does not keep what it had for the item before."""
    text = "(0..20).map(|x| {\n  if x == 3\n    seen = x\n  end\n  seen\n})"
    with pytest.raises(SoliError, match="Undefined variable 'seen'"):
        run(text)


def test_a_block_that_changes_its_parameter_chooses_items_all_the_same() -> None:
    """`filter` gives the items, not what the block made of them."""
    block = "|x| {\n  x = x * 2\n  x > 20\n}"

    assert ask(f"xs.filter({block})", 20) == list(range(11, 20))
    assert ask(f"xs.find({block})", 20) == 11


def test_a_block_in_a_method_knows_its_object() -> None:
    """`@field`, `this.field` and `this`, over few items and over many."""
    text = """
class Scale
  new(factor)
    @factor = factor
    @turns = 0
  end
  def all(xs)
    xs.each(|x| @turns += 1)
    [xs.map(|x| x * @factor), xs.filter(|x| x >= this.factor), xs.all?(|x| this == this), @turns]
  end
end
[Scale(2).all([1, 2]), Scale(3).all(0..20)]
"""
    assert run(text) == [
        [[2, 4], [2], True, 2],
        [[x * 3 for x in range(20)], list(range(3, 20)), True, 20],
    ]


def test_this_in_a_block_outside_of_a_class_is_an_error() -> None:
    """At its place, over many items as well."""
    for count in (2, 30):
        with pytest.raises(SoliError, match="'this' outside of class"):
            run(f"(0..{count}).map(|x| this.y)")


@pytest.mark.parametrize("count", [4, 40])
def test_what_is_true_to_soli_is_kept(count: int) -> None:
    """A block may yield anything, not only a Bool."""
    items = ", ".join(["null", "false", "0", '""', "[]", '"a"'] * count)
    chosen = run(f"[{items}].filter(|x| x)")
    left = run(f"[{items}].reject(|x| x)")

    assert len(chosen) + len(left) == 6 * count
    assert chosen == run(f"ys = []\nfor x in [{items}]\n  ys.push(x) if x\nend\nys")


@pytest.mark.parametrize("method", ["each", "filter", "reject", "find", "any?", "none?", "map"])
def test_a_block_costs_a_step_per_item(method: str) -> None:
    """Whatever it is for."""
    text = f"xs = 0..300\nxs.{method}(|x| x > 1000)\nxs.{method}(|x| x > 1000)"

    with pytest.raises(LimitError, match="step limit"):
        run(text, Limits(max_steps=500))
    run(text, Limits(max_steps=1300))


@pytest.mark.parametrize("method", ["find", "any?", "none?"])
def test_a_search_that_ends_early_costs_little(method: str) -> None:
    """It does not pay for the items that it never looks at."""
    text = f"xs = 0..1000\ni = 0\nwhile i < 20\n  xs.{method}(|x| x == 0)\n  i += 1\nend\ni"

    # 250 for the copy of a thousand items, 64 for the items that are looked at together
    assert run(text, Limits(max_steps=20 * (250 + 64 + 10))) == 20


def test_a_block_that_changes_the_array_goes_over_what_it_was() -> None:
    """All go over a snapshot (docs/spec §L4)."""
    text = "xs = (0..30).map(|x| x)\nys = xs.map(|x| xs.push(x).length)\n[xs.length, ys.length]"

    assert run(text) == [60, 30]


def test_functions_made_in_turns_of_a_loop_keep_their_own_variables() -> None:
    """A block inside such a turn writes the variable of that turn."""
    text = """
makers = []
for i in 0..3
  let sum = 0
  makers.push(fn() {
    (0..20).each(|x| sum += i)
    sum
  })
end
makers.map(|make| make())
"""
    assert run(text) == [0, 20, 40]


def test_an_error_in_a_block_for_its_effect_is_that_of_the_item() -> None:
    """At its place, with what was done before it done."""
    program = Interpreter(install).load(
        "seen = []\ndef f(xs)\n  xs.each(|x| seen.push(10 / x))\nend"
    )
    with pytest.raises(SoliError, match="ivision by zero") as caught:
        program.call("f", [*range(20, 0, -1), 0])

    assert caught.value.place[0] == 3
    assert len(program.get("seen")) == 20


@pytest.mark.parametrize("body", ["x", "5", '"a"', "null"])
def test_a_block_that_does_nothing_is_called_all_the_same(body: str) -> None:
    """There is nothing to be written for its effect."""
    assert ask(f"xs.each(|x| {body})\nxs.length", 20) == 20
    assert run(f"h = {{ (k): k for k in 0..20 }}\nh.each(|k, x| {body})\nh.length") == 20


@pytest.mark.parametrize("count", SIZES)
def test_a_block_may_write_any_value_as_text(count: int) -> None:
    """What turns values into text has a name that the loop must not take for one of its own."""
    text = f'(0..{count}).map(|x| x % 2 == 0 ? null : 1.5).map(|x| "<#{{x}}>").join("")'

    assert run(text) == "".join(("<1.5>" if x % 2 else "<null>") for x in range(count))


SUMS = [
    ("total += x", "0", lambda xs: sum(xs)),
    ("total = total + x * 2 - 1", "5", lambda xs: 5 + sum(2 * x - 1 for x in xs)),
    ("total += 1", "0", lambda xs: len(xs)),
    ("total -= x", "0.5", lambda xs: 0.5 - sum(xs)),
    ('total = total + "a"', '""', lambda xs: "a" * len(xs)),
]


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize(("step", "first", "expected"), SUMS)
def test_a_sum_around_the_block_is_what_every_item_added(
    count: int, step: str, first: str, expected: Any
) -> None:
    """In a variable of a function, and of the file; for items of arrays and values of hashes."""
    loops = f"total = {first}\nxs.each(|x| {step})\nhs = {{}}\nxs.each(|x| hs[x] = x)\n"
    sums = f"a = total\ntotal = {first}\nhs.each(|k, x| {step})\n[a, total]"
    text = f"xs = 0..{count}\n{loops}{sums}\ndef go(xs)\n{loops}{sums}\nend\n"

    wanted = [expected(range(count))] * 2
    assert run(text + "[a, total]") == wanted
    assert run(text + "go(xs)") == wanted


@pytest.mark.parametrize("odd", [1.5, "s", True, 2**63 - 1, None])
@pytest.mark.parametrize("at", [0, 1, 40, 63, 64, 99])
def test_a_sum_stops_where_an_item_is_none(odd: Any, at: int) -> None:
    """What was added before stays, and the error is that of the item."""
    text = """
def go(xs)
  total = 5
  error = ""
  try
    xs.each(|x| total += x)
  catch e
    error = e.message
  end
  one = 5
  text = ""
  try
    for x in xs
      one = one + x
    end
  catch e
    text = e.message
  end
  [total, error, one, text]
end
"""
    xs = [3] * 100
    xs[at] = odd
    total, error, one, message = Interpreter(install).load(text, "sums").call("go", xs)

    assert (total, error) == (one, message)
    assert bool(error) is not isinstance(odd, float | str)


@pytest.mark.parametrize("count", SIZES)
def test_folding_sees_what_it_yielded_before(count: int) -> None:
    """With and without a first value, when the block assigns what it is given, too."""
    xs = list(range(count))

    assert ask("xs.reduce(|sum, x| sum + x, 7)", count) == 7 + sum(xs)
    assert ask("xs.reduce(fn(sum, x) sum = sum + x; x = 1; sum end, 0)", count) == sum(xs)
    assert ask("xs.fold(|sum, x| [sum, x].max, 0)", count) == max([0, *xs])
    assert ask("xs.reduce(fn(sum, x) if x > 3 sum + 1 end end, 0)", min(count, 4)) is (
        None if count else 0
    )
    made = "fs = xs.reduce(fn(fs, x) fs.push(fn() fs.length + x end) end, [])\nfs.map(|f| f())"
    assert ask(made, count) == [count + x for x in xs]
    if count:
        assert ask("xs.reduce(|sum, x| sum + x)", count) == sum(xs)


@pytest.mark.parametrize("count", SIZES)
def test_choosing_entries_gives_them_as_they_were(count: int) -> None:
    """Also when the block assigns what it is given, or keeps it for later."""
    fill = f"h = {{}}\nfor i in 0..{count}\n  h[i] = i * 2\nend\n"
    entries = {key: key * 2 for key in range(count)}
    few = {key: value for key, value in entries.items() if value % 4 == 0}

    assert run(fill + "h.select(|k, v| v % 4 == 0)") == few
    assert run(fill + "h.select(fn(k, v) k = 1; v = v + 4; v % 4 == 0 end)") == few
    rest = {key: value for key, value in entries.items() if key not in few}
    assert run(fill + "h.reject(fn(k, v) f = fn() k + v end; f() % 6 == 0 && v % 4 == 0 end)") == {
        **rest,
        **{key: value for key, value in few.items() if key * 3 % 6},
    }


MOST = 2**63 - 1
SUMMED: list[list[Any]] = [
    list(range(200)),
    [-5, 3] * 70,
    [*range(100), True, 1],
    [*range(100), 2.5, 1],
    [*range(70), "x", 1],
    [*range(70), None, 1],
    [MOST, 1, -1, *range(40)],
    [1, MOST, -MOST, *range(40)],
    [2**62, -(2**62)] * 40,
    [2**57] * 64,
    [-(2**57)] * 70,
    [1.5] * 40,
    ["ab"] * 40,
]


@pytest.mark.parametrize("items", SUMMED, ids=range(len(SUMMED)))
@pytest.mark.parametrize("first", [0, 1, -MOST, 2**62, 0.5, "s"])
def test_a_sum_over_many_items_is_that_of_one_after_the_other(
    items: list[Any], first: object
) -> None:
    """Whatever they are, and wherever a sum on the way is none: with the error and its place."""
    program = Interpreter(install).load(
        """
def each(items, total)
  done = 0
  try
    items.each(|item| total += item)
  catch error
    done = error.message
  end
  [total, done]
end
def by_value(items, total)
  h = {}
  i = 0
  for item in items
    h["k" + str(i)] = item
    i += 1
  end
  done = 0
  try
    h.each(|key, value| total += value)
  catch error
    done = error.message
  end
  [total, done]
end
def folded(items, total)
  try
    return items.reduce(|sum, item| sum + item, total)
  catch error
    return error.message
  end
end
def one_by_one(items, total)
  done = 0
  try
    for item in items
      total = total + item
    end
  catch error
    done = error.message
  end
  [total, done]
end
""",
        "sums",
    )
    expected = program.call("one_by_one", items, first)
    assert repr(program.call("each", items, first)) == repr(expected)
    found = program.call("folded", items, first)
    assert repr(found) == repr(expected[1] if expected[1] != 0 else expected[0])
    assert repr(program.call("by_value", items, first)) == repr(expected)
