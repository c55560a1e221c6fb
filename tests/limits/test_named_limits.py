"""Every limit by its name: what reaches it passes, one more does not."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from soli_runtime.calling.recursion import RECURSION_LIMIT
from soli_stdlib import install
from soli_stdlib.json.plain import MAX_DEPTH as JSON_DEPTH

from soli_lang import Capabilities, Interpreter, Limits, SoliError, SoliSyntaxError
from soli_lang.base.errors import LONGEST_MESSAGE, LimitError, render
from soli_lang.syntax.resolver.context import MAX_ERRORS, MAX_NESTING
from soli_lang.values.display import MAX_DEPTH as SHOWN_DEPTH
from soli_lang.values.display import MAX_PIECES

from ..support.recursion import recursion_limit


def interpreter(**limits: Any) -> Interpreter:
    return Interpreter(
        install, capabilities=Capabilities(clock=lambda: 0.0), limits=Limits(**limits)
    )


def run(text: str, **limits: Any) -> Any:
    """The value of a program under *limits*."""
    return interpreter(**limits).run(text, "limits")


def smallest(passes: Callable[[int], bool], high: int) -> int:
    """The smallest number up to *high* that *passes*, provided that all larger ones do."""
    low = 0
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle + 1, high)
    return low


def passes(text: str, **limits: Any) -> bool:
    try:
        run(text, **limits)
    except LimitError:
        return False
    return True


# --- defaults ---


def test_every_limit_has_a_default() -> None:
    """A host that gives none is safe from the programs that it runs."""
    assert Limits() == Limits(
        max_steps=5_000_000,
        max_seconds=5.0,
        max_depth=1000,
        max_value_bytes=64 << 20,
        max_call_bytes=512 << 20,
        max_source_bytes=1 << 20,
    )


def test_a_host_can_trust_its_own_programs() -> None:
    """What bounds one value, the stack and a source stays."""
    assert Limits.off(max_seconds=3.0) == Limits(max_steps=0, max_seconds=3.0, max_call_bytes=0)


@pytest.mark.parametrize(
    "text", ["while true\nend", 'a = []\nwhile true\n a.push("x" * 9999)\nend']
)
def test_a_program_ends_under_the_defaults(text: str) -> None:
    """For ever, and for all the memory there is."""
    with pytest.raises(LimitError):
        Interpreter(install).run(text)


# --- loading ---


SOURCES = {
    "statements": "a;" * 50_000,
    "one function": "def f\n" + "a=1\n" * 25_000 + "end",
    "calls": "f(fn(x) x)\n" * 10_000,
    "strings": ('"' + "#{a}" * 500 + '"\n') * 20,
    "literal": "[" + "1," * 50_000 + "1]",
    "functions in functions": "x = " + "fn() { " * 100 + "a;" * 40_000 + "}" * 100,
    "errors": "a b c\n" * 15_000,
}


@pytest.mark.parametrize("text", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_steps": 10_000}, "step limit exceeded"),
        ({"max_seconds": 0.005}, "time limit exceeded"),
        ({"max_call_bytes": 300_000}, "memory limit exceeded"),
    ],
    ids=["steps", "seconds", "bytes"],
)
def test_loading_is_paid_like_running(text: str, limits: dict[str, Any], message: str) -> None:
    """A hundred kilobytes of text took a second or ten, whatever the limits were."""
    soli = interpreter(**{"max_steps": 0, "max_seconds": 0.0, "max_call_bytes": 0, **limits})
    before = time.process_time()
    with pytest.raises(LimitError, match=message):
        soli.compile(text, "long")
    assert time.process_time() - before < 1


def test_a_short_program_is_read_for_nothing() -> None:
    """Up to 2,048 characters; a host may give it few steps to run."""
    text = "x = 1 + 1\n".ljust(2048, "#")
    interpreter(max_steps=1, max_call_bytes=1).compile(text, "short")
    with pytest.raises(LimitError):
        interpreter(max_steps=1, max_call_bytes=1).compile(text + "#", "long")


@pytest.mark.parametrize(
    ("text", "what"),
    [("f({}1)", "arguments in one call"), ("f {}1", "arguments in one call")],
    ids=["parentheses", "none"],
)
def test_arguments_of_one_call(text: str, what: str) -> None:
    """Two thousand pass, one more does not."""
    interpreter().compile(text.format("1, " * 1999), "calls")
    with pytest.raises(SoliSyntaxError, match=rf"too many {what}: 2001 \(limit 2000\)"):
        interpreter().compile(text.format("1, " * 2000), "calls")


def test_parts_of_one_string() -> None:
    """So with what is put into one string."""
    interpreter().compile('"' + "#{1}" * 2000 + '"', "strings")
    with pytest.raises(SoliSyntaxError, match=r"too many parts in one string: 2001 \(limit 2000\)"):
        interpreter().compile('"' + "#{1}" * 2001 + '"', "strings")


# --- steps, time, depth ---


@pytest.mark.parametrize(
    ("text", "per_turn"),
    [
        ("i = 0\nwhile i < {n}\n  i += 1\nend", 1),
        ("for x in range(0, {n})\n  x\nend", 1),
        ("def f\n  [].push(1)\nend\ni = 0\nwhile i < {n}\n  f()\n  i += 1\nend", 2),
        ("({n}).times |x| x end", 1),
    ],
    ids=["while", "for", "call", "times"],
)
def test_max_steps_counts_calls_and_turns(text: str, per_turn: int) -> None:
    """A limit that lets 500 turns pass stops the 501st, and is about as large as it says."""
    limit = smallest(lambda steps: passes(text.format(n=500), max_steps=steps or 1), 10_000)

    assert passes(text.format(n=500), max_steps=limit)
    assert not passes(text.format(n=501), max_steps=limit)
    assert 0.5 < limit / (500 * per_turn) < 1.6


def test_zero_steps_are_no_limit() -> None:
    """0 turns a limit off."""
    assert run("i = 0\nwhile i < 50000\n i += 1\nend\ni", max_steps=0, max_seconds=0) == 50_000


@pytest.mark.parametrize(("clock", "ends"), [(1.9999, False), (2.001, True)])
def test_max_seconds_is_inclusive(clock: float, ends: bool) -> None:
    """On a clock that obeys: two seconds of two pass, a millisecond more does not.

    Turns of a loop are paid some at a time, and what was paid must fit into the time that is left.
    """
    machine_clock = 0.0
    under_test = interpreter(max_seconds=2.0)
    under_test.machine.timer = under_test.machine._cpu = lambda: machine_clock

    def work() -> None:
        nonlocal machine_clock
        machine_clock = clock

    under_test.define("work", work)
    # The clock begins with the first look at it, some hundred steps into the call.
    program = "i = 0\nwhile i < 1000\n  i += 1\nend\nwork()\nwhile i < 10000\n  i += 1\nend\ni"
    if ends:
        with pytest.raises(LimitError, match=r"time limit exceeded \(2 s of computing\)"):
            under_test.run(program)
    else:
        assert under_test.run(program) == 10_000


@pytest.fixture
def as_in_the_command_line() -> Iterator[None]:
    """Room for a thousand Soli calls, which the owner of a process has to make."""
    with recursion_limit(RECURSION_LIMIT):
        yield


@pytest.mark.usefixtures("as_in_the_command_line")
@pytest.mark.parametrize("limit", [1, 10, 1000])
def test_max_depth_is_inclusive(limit: int) -> None:
    """As many calls inside calls pass; one more is named with its function."""
    text = "def down(n)\n  return [n] if n == 0\n  down(n - 1)\nend\ndown({n})"

    assert run(text.format(n=limit - 1), max_depth=limit) == [0]
    with pytest.raises(LimitError, match=rf'too deep \({limit} frames\) in "down"'):
        run(text.format(n=limit), max_depth=limit)


def test_the_default_depth_is_a_thousand() -> None:
    """docs/spec §9.4."""
    assert Limits().max_depth == 1000


# --- sizes ---


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ('"x" * {n}', 4096),
        ('("x" * {n}).upcase', 4096),
        ('a = "x" * 96\nb = "x" * ({n} - 96)\na + b', 4096),
        ('"#{{"x" * {n}}}"', 4096),
        ('["x" * 2000, "x" * ({n} - 2001)].join("-")', 4096),
        ('("a" * 1000).replace("a", "b" * ({n} / 1000))', 4000),
        ("range(0, {n})", 512),
        ("(0..{n}).reverse", 512),
        ("a = 0..500\na + (500..{n})", 512),
        ("a = []\nfor i in 0..{n}\n  a.push(i)\nend\na", 512),
        ("a = 0..500\na.concat(500..{n})\na", 512),
        ('("a" * {n}).chars', 512),
        ('("a," * ({n} - 1)).split(",")', 512),
    ],
)
def test_max_value_bytes_is_inclusive(text: str, most: int) -> None:
    """Of a String a byte is a byte, of an Array an item is eight."""
    assert len(run(text.format(n=most), max_value_bytes=4096)) == most
    with pytest.raises(LimitError, match=r"value too large: \d+ bytes \(limit 4096\)"):
        run(text.format(n=most + (1000 if "replace" in text else 1)), max_value_bytes=4096)


def test_max_call_bytes_counts_everything_built() -> None:
    """Garbage included: four times a thousand bytes are four thousand."""
    text = 'i = 0\nwhile i < 4\n  x = "a" * 1000\n  i += 1\nend'

    assert passes(text, max_call_bytes=4000)
    with pytest.raises(LimitError, match=r"memory limit exceeded \(3999 bytes built by one call\)"):
        run(text, max_call_bytes=3999)


def test_every_call_has_its_own_budget() -> None:
    """What one call used up, the next one has again; a call inside a call too."""
    under_test = interpreter(max_call_bytes=4000, max_steps=1000)
    program = under_test.load('def f\n  300.times |i| i end\n  "a" * 3000\nend')
    under_test.define("again", lambda: program.call("f"))

    for _ in range(5):
        assert len(program.call("f")) == 3000
    assert len(under_test.run('again()\nagain()\n"b" * 3500')) == 3500


@pytest.mark.parametrize("length", [100, 101])
def test_max_source_bytes_is_inclusive(length: int) -> None:
    """Bytes of UTF-8 of what the host hands over."""
    text = ("# " + "ä" * 49)[:length].ljust(length - 49)
    text = text if len(text.encode()) == length else text + " " * (length - len(text.encode()))
    if length == 100:
        assert run(text, max_source_bytes=100) is None
    else:
        with pytest.raises(SoliSyntaxError, match=r"program too long \(limit 100 bytes\)"):
            run(text, max_source_bytes=100)


# --- the language's own ---


def test_nesting_in_source_is_bounded() -> None:
    """MAX_NESTING constructs may be open at once."""
    depth = smallest(lambda n: not is_read("(" * n + "1" + ")" * n), 2 * MAX_NESTING) - 1

    assert MAX_NESTING // 2 < depth <= MAX_NESTING
    with pytest.raises(SoliSyntaxError, match=r"expression nested too deeply \(max depth \d+\)"):
        run("(" * (depth + 1) + "1" + ")" * (depth + 1))


def is_read(text: str) -> bool:
    try:
        run(text)
    except SoliSyntaxError:
        return False
    return True


def test_errors_of_one_source_are_bounded() -> None:
    """The first of them are told."""
    with pytest.raises(SoliSyntaxError) as refused:
        run("x = )\n" * 1000)
    assert 1 < len(refused.value.all) <= MAX_ERRORS


def test_messages_that_people_see_are_bounded() -> None:
    """A program can throw megabytes; the log holds a part, the program all of it."""
    with pytest.raises(SoliError) as thrown:
        run(f'throw "x" * {10 * LONGEST_MESSAGE}')
    assert LONGEST_MESSAGE < len(render(thrown.value)) < 2 * LONGEST_MESSAGE


@pytest.mark.parametrize("depth", [SHOWN_DEPTH, SHOWN_DEPTH + 1])
def test_values_are_shown_to_a_depth(depth: int) -> None:
    """Deeper ones are `[...]`."""
    text = f"a = [7]\ni = 1\nwhile i < {depth}\n  a = [a]\n  i += 1\nend\nstr(a)"

    assert ("7" in run(text)) == (depth == SHOWN_DEPTH)


@pytest.mark.parametrize("pieces", [MAX_PIECES - 1, MAX_PIECES + 1])
def test_values_are_shown_up_to_a_number_of_pieces(pieces: int) -> None:
    """More of them are a LimitError."""
    assert passes(f"str(0..{pieces})") == (pieces < MAX_PIECES)


@pytest.mark.parametrize("what", ["stringify", "parse"])
def test_json_nests_to_a_depth(what: str) -> None:
    """Deeper JSON is an error that a program can catch."""
    text = {
        "stringify": "a = [7]\ni = 1\nwhile i < {n}\n  a = [a]\n  i += 1\nend\nJSON.stringify(a)",
        "parse": 'JSON.parse("[" * {n} + "7" + "]" * {n})',
    }[what]

    assert run(text.format(n=JSON_DEPTH))
    with pytest.raises(SoliError, match="nested too deeply"):
        run(text.format(n=JSON_DEPTH + 1))
    assert run(f"begin\n{text.format(n=JSON_DEPTH + 1)}\nrescue e\n 5\nend") == 5


@pytest.mark.parametrize(
    "text",
    [
        "while true\nend",
        '"x" * 100000',
        "def f\n f()\nend\nf()",
        'a = []\nwhile true\n a.push("x" * 1000)\nend',
    ],
    ids=["steps", "size", "depth", "memory"],
)
@pytest.mark.parametrize(
    "around",
    [
        "try\n{text}\ncatch e\n 1\nend",
        "try\n{text}\ncatch LimitError e\n 1\nend",
        "begin\n{text}\nrescue e\n 1\nensure\n 2\nend",
        "def g\n{text}\nend\ng() rescue 1",
        "def g\n try\n{text}\n finally\n  return 1\n end\nend\ng()",
        'def g\n try\n{text}\n finally\n  throw "other"\n end\nend\ntry\n g()\ncatch e\n 1\nend',
        "i = 0\nwhile i < 1\n i += 1\n try\n{text}\n finally\n  next\n end\nend",
    ],
    ids=["catch", "by name", "rescue", "modifier", "return", "throw", "next"],
)
def test_no_program_catches_a_limit_error(around: str, text: str) -> None:
    """docs/spec §9.4: whatever it tries."""
    limits = {"max_steps": 20_000, "max_value_bytes": 50_000, "max_call_bytes": 100_000}
    with pytest.raises(LimitError):
        run(around.format(text=text), **limits)


def test_python_stays_out_of_it() -> None:
    """A host's function that fails is the host's; Python's own limits are LimitErrors."""
    under_test = interpreter()

    def deep() -> Any:
        return deep()

    under_test.define("deep", deep)
    with pytest.raises(LimitError, match="too deep"):
        under_test.run("deep()")


def test_long_parts_of_a_text_are_claimed_before_they_are_joined() -> None:
    """Sixty parts of 60 MB were 3.5 GB before anybody asked whether they fit."""
    program = 'a = "x" * 60000000\nprint("' + "#{a}" * 60 + '")'
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LimitError):
        Interpreter(install).run(program)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 600_000_000
