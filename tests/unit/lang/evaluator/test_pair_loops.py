"""Blocks that get two values, over few and over many: entries of a hash, items with their index."""

from __future__ import annotations

from typing import Any

import pytest
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, LimitError, Limits, SoliError

SIZES = [0, 1, 15, 16, 17, 63, 64, 65, 130]
"""Around the sizes at which the way of doing it changes."""


def run(text: str, limits: Limits | None = None, **granted: Any) -> Any:
    capabilities = Capabilities(**granted)
    return Interpreter(install, limits=limits or Limits(), capabilities=capabilities).run(text)


def ask(call: str, count: int) -> Any:
    fill = f"h = {{}}\nfor i in 0..{count}\n  h[i] = i * 2\nend\nxs = 0..{count}\n"
    return run(fill + call)


@pytest.mark.parametrize("count", SIZES)
def test_entries_are_seen_once_and_in_order(count: int) -> None:
    entries = {key: key * 2 for key in range(count)}
    last = count - 1

    assert ask("r = []\nh.each(|k, v| r.push(k - v))\nr", count) == [-key for key in entries]
    assert ask("h.filter(|k, v| (k + v) % 2 == 0).keys", count) == list(range(0, count, 2))
    assert ask("h.reject(|k, v| v > 9)", count) == dict(list(entries.items())[:5])
    assert ask("h.map(|k, v| [v, k])", count) == {value: key for key, value in entries.items()}
    assert ask("h.transform_values(|v| v + 1)[0]", count) == (1 if count else None)
    assert ask("h.transform_keys(|k| 0 - k).keys", count) == [-key for key in entries]
    assert ask(f"h.any?(|k, v| k == {last})", count) is bool(count)
    assert ask(f"h.all?(|k, v| k != {last})", count) is not bool(count)
    assert ask("r = []\nh.each_key(|k| r.push(k))\nh.each_value(|v| r.push(v))\nr", count) == [
        *entries,
        *entries.values(),
    ]


@pytest.mark.parametrize("count", SIZES)
def test_items_come_with_their_index(count: int) -> None:
    call = "r = []\nxs.each_with_index(|x, i| r.push(x * 100 + i))\nr"
    assert ask(call, count) == [number * 101 for number in range(count)]
    assert ask("xs.reduce(|a, x| a + x, 5)", count) == 5 + sum(range(count))
    assert ask("xs.reduce(|p| p[0] + p[1], 5)", count) == 5 + sum(range(count))


@pytest.mark.parametrize("count", SIZES)
def test_ints_count_for_a_block(count: int) -> None:
    assert ask(f"r = []\n{count}.times(|i| r.push(i))\nr", count) == list(range(count))
    assert ask(f"r = []\n1.upto({count}, |i| r.push(i))\nr", count) == list(range(1, count + 1))
    assert ask(f"r = []\n{count}.downto(1, |i| r.push(i))\nr", count) == list(range(count, 0, -1))


def test_counting_further_than_python_can_ends_with_the_budget() -> None:
    text = "n = 0\n(0 - 9223372036854775807).upto(9223372036854775807, |i| n += 1)"
    with pytest.raises(LimitError, match="step limit"):
        run(text, Limits(max_steps=5000))


@pytest.mark.parametrize("count", [4, 40])
def test_a_block_of_one_parameter_gets_the_pair(count: int) -> None:
    assert ask("h.filter(|p| p[0] == 3 && p[1] == 6)", count) == {3: 6}
    assert ask("r = []\nh.each(|p| r.push(p))\nr.last", count) == [count - 1, count * 2 - 2]
    assert ask("r = []\nh.each(|k, v, z| r.push(z))\nr.uniq", count) == [None]
    assert ask("r = []\nh.each(|k, v = 5| r.push(v - k))\nr", count) == list(range(count))


@pytest.mark.parametrize("count", [4, 40])
def test_keys_are_what_the_program_wrote(count: int) -> None:
    text = "h = {true: 1, false: 2, null: 3, :s => 4, 1.5D: 5}\n"
    fill = f"for i in 0..{count}\n  h[i] = 0\nend\n"
    call = "r = []\nh.each(|k, v| r.push(type(k)) if v > 0)\nr"
    assert run(text + fill + call) == ["bool", "bool", "null", "symbol", "decimal"]
    kept = run(text + fill + "h.filter(|k, v| k == true || v == 5).length")
    assert kept == 2


@pytest.mark.parametrize("count", [4, 40])
def test_a_block_may_change_what_it_goes_over(count: int) -> None:
    """It goes over what was there when it began."""
    call = "n = 0\nh.each(|k, v| {\n  h.delete(k)\n  h[k + 1000] = v\n  n += 1\n})\n[n, h.length]"
    assert ask(call, count) == [count, count]
    call = "n = 0\nxs.each_with_index(|x, i| {\n  xs.push(x)\n  n += 1\n})\n[n, xs.length]"
    assert ask(call, count) == [count, count * 2]


@pytest.mark.parametrize("count", [4, 40])
def test_a_block_is_left_for_one_entry(count: int) -> None:
    """By `next`, and by `break` as well (docs/spec §L4): it yields null."""
    for leave in ("next", "break"):
        block = f"|k, v| {{\n  {leave} if k == 2\n  true\n}}"
        assert ask(f"h.filter({block}).length", count) == count - 1
        call = f"r = []\nh.each(|k, v| {{\n  {leave} if k == 2\n  r.push(k)\n}})\nr.length"
        assert ask(call, count) == count - 1
    block = "|k, v| {\n  return k if k == 2\n  null\n}"
    assert ask(f"h.filter({block})", count) == {2: 4}


@pytest.mark.parametrize("count", [4, 40])
def test_what_was_done_before_an_error_stays_done(count: int) -> None:
    """And the error is where it happened."""
    text = f"""
h = {{}}
for i in 0..{count}
  h[i] = i
end
r = []
begin
  h.each(|k, v| {{
    r.push(k)
    v + null if k == 3
  }})
rescue e
  r.push(e.line)
  r.push(e.column)
end
r
"""
    assert run(text) == [0, 1, 2, 3, 10, 5]


@pytest.mark.parametrize("count", [4, 40])
def test_a_block_may_wait(count: int) -> None:
    slept: list[float] = []
    text = f"h = {{}}\nfor i in 0..{count}\n  h[i] = i\nend\nh.each(|k, v| sleep(v + 1))\n1"
    run(text, sleep=slept.append)
    assert slept == list(range(1, count + 1))


@pytest.mark.parametrize("call", ["h.each(|k, v| k)", "h.any?(|k, v| v < 0)", "h.map(|k, v| k)"])
def test_an_entry_costs_a_step(call: str) -> None:
    text = f"h = {{}}\nfor i in 0..300\n  h[i] = i\nend\n{call}\n{call}"
    with pytest.raises(LimitError, match="step limit"):
        run(text, Limits(max_steps=900))
    run(text, Limits(max_steps=1400))


def test_an_error_of_the_hash_comes_after_the_call_that_caused_it() -> None:
    with pytest.raises(SoliError, match="transformed key must be hashable"):
        ask("h.transform_keys(|k| [k])", 20)
