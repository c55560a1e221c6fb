"""The library as programs use it: bare members, blocks, caught errors, JSON."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
import soli_stdlib

from soli_lang import Capabilities, Interpreter


def output(program: str, **capabilities: Any) -> str:
    """What *program* prints, at 2023-11-14T22:13:20Z."""
    lines: list[str] = []
    granted = {"output": lines.append, "clock": lambda: 1_700_000_000.5, **capabilities}
    Interpreter(soli_stdlib.install, capabilities=Capabilities(**granted)).run(program, "p.sl")
    return "".join(lines).rstrip("\n")


def failure(expression: str, **capabilities: Any) -> str:
    """What a program that catches the error of *expression* sees of it."""
    program = f"try {{ {expression} }} catch e {{ print(e) }}"
    return output(program, **capabilities).rpartition(" at ")[0]


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("DateTime.now", "2023-11-14 22:13:20"),
        ("DateTime.now.year", "2023"),
        ("DateTime.now.add_days(1).beginning_of_day.to_iso", "2023-11-15T00:00:00+00:00"),
        ("DateTime.epoch == DateTime.from_unix(0)", "true"),
        ("DateTime.epoch < DateTime.now", "true"),
        ("type(DateTime.epoch)", "DateTime"),
        ("DateTime.epoch.add_days", "<method DateTime.add_days>"),
        ('"at #{DateTime.epoch}"', "at 1970-01-01 00:00:00"),
        ('JSON.stringify({"t": DateTime.epoch})', '{"t":"1970-01-01T00:00:00+00:00"}'),
        ("JSON.stringify(Duration.of_days(1))", '{"seconds":86400.0}'),
        ("Duration.of_seconds(90).humanize", "1 minute 30 seconds"),
        ("Duration.between(DateTime.epoch, DateTime.now).total_days > 19675", "true"),
        ("Math.pi > 3", "true"),
        ("Math.floor(2.7) + 1", "3"),
        ("V.int", "<Validator int>"),
        ("uuid_v4.length", "36"),
        ("datetime_now", "1700000000"),
        ("time_ago(datetime_now() - 3600)", "1 hour ago"),
        ('Crypto.sha256("").length', "64"),
        ('Base64.decode(Base64.encode("é"))', "é"),
        ("cache", "<class Cache>"),
        ('KV.set("a", 1) ?? "null"', "null"),
        ("locale", "en"),
        ("Cron.hourly", "0 0 * * * *"),
        ('validate({"n": " 5 "}, {"n": V.int.required.min(1)})["data"]["n"]', "5"),
        ('permit({"a": 1, "b": 2}, {a: true})', "{a => 1}"),
        ('new RateLimiter({"key": "k", "limit": 1, "window": 5}).allowed', "true"),
    ],
)
def test_expressions(expression: str, shown: str) -> None:
    """Members without arguments need no parentheses; values print as the specification says."""
    assert output(f"print({expression})") == shown


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("DateTime.now.week", "Cannot access property 'week' on DateTime"),
        ("DateTime.now.add_days(null)", "Type error: DateTime.add_days() requires number"),
        ("DateTime.now.add_days()", "Wrong number of arguments: expected 1, got 0"),
        ('DateTime.parse("nope")', "Invalid datetime format: nope"),
        ("Math.sqrt(4)", "Cannot access property 'sqrt' on Math"),
        ("Math.floor()", "Wrong number of arguments: expected 1, got 0"),
        ('Hex.decode("abc")', "Hex.decode(): odd-length hex string"),
        ('Cache.set("k")', "Cache.set() expects 2-3 arguments, got 1"),
        (
            'File.read("x")',
            "File.read: not allowed here (the host did not grant the capability 'files')",
        ),
        (
            'getenv("HOME")',
            "getenv: not allowed here (the host did not grant the capability 'environment')",
        ),
        ('Regex.find("(", "a")', "Invalid regex pattern: missing ): ("),
    ],
)
def test_failures_are_caught_with_their_text(expression: str, message: str) -> None:
    """A program sees the message of the specification."""
    assert failure(expression) == message


def test_fetch_takes_a_block() -> None:
    """Blocks of either form, after one argument or two."""
    program = """
    n = 0
    a = Cache.fetch("k", 60) do
      n = n + 1
      n * 10
    end
    b = Cache.fetch("k") { n = n + 1 }
    print(a, b, n)
    """
    assert output(program) == "10 10 1"


def test_frozen_time_in_a_program() -> None:
    """freeze_time holds for all clocks until unfreeze_time."""
    program = """
    freeze_time("2020-01-01")
    print(DateTime.now, clock(), datetime_now())
    unfreeze_time()
    print(datetime_now())
    """
    assert output(program) == "2020-01-01 00:00:00 1577836800 1577836800\n1700000000"


def test_errors_of_the_library_have_classes() -> None:
    """docs/spec §9.1: catch by class."""
    program = """
    try
      getenv("X")
    catch CapabilityError e
      print("denied")
    end
    try
      DateTime.parse("x")
    catch ValueError e
      print(e.message)
    end
    """
    assert output(program) == "denied\nInvalid datetime format: x"


def test_a_seeded_host_repeats_itself() -> None:
    """Ids, samples and random numbers come from the host's generator."""
    program = "print(uuid_v7, Math.random, [1, 2, 3].shuffle, nanoid())"
    assert output(program, random=Random(5)) == output(program, random=Random(5))


def test_files_in_a_program(tmp_path: Path) -> None:
    """Reading and writing inside the root."""
    program = 'barf("a.txt", "x"); print(slurp("a.txt"), File.glob("*.txt"))'
    assert output(program, files=tmp_path, files_writable=True) == "x [a.txt]"
