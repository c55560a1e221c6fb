"""JSON that orjson refuses, read by Python's reader in C: as `JsonScanner` reads it."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest
from soli_stdlib.json.fallback_parser import read
from soli_stdlib.json.plain import MAX_DEPTH
from soli_stdlib.json.scanner import JsonScanner
from soli_stdlib.json.text import decode

from soli_lang.base.errors import LimitError, SoliError

PIECES = (
    *"[]{},:1-.e \n\x01x\\é",
    '"a"', '"', '"k":', "[1,2]", '{"a":[]}', "0", "E5", "true", "nul", "NaN", "-Infinity",
    "9223372036854775807", "9223372036854775808", "9" * 19, "9" * 20, "9" * 25, "1e400",
    "\\u12", "\\ud83d\\ude00", "\\ud800", "\\n", '\\"', "\\\\", "\\q",
)  # fmt: skip
TEXTS = 20_000
SEED = 8


def result(read: Any, text: str) -> str:
    try:
        return f"value {read(text)!r}"
    except SoliError as error:
        return f"error {error.message}"


def thoroughly(text: str) -> Any:
    return JsonScanner(text, MAX_DEPTH).run()


@pytest.mark.parametrize("reader", [decode, read])
def test_odd_texts_give_what_the_scanner_gives(reader: Any) -> None:
    """Value for value, and error for error, to the position."""
    random = Random(SEED)
    for _ in range(TEXTS):
        text = "".join(random.choices(PIECES, k=random.randint(1, 9)))
        text = random.choice(("{}", "[{}]", '{{"a":{}}}', '["b",{}]')).format(text)
        assert result(reader, text) == result(thoroughly, text), (SEED, text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * (MAX_DEPTH + 1),
        "[" * MAX_DEPTH + "x",
        '["\x01",' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "]",
        '["\x01",' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "]",
        '["' + "[" * 600 + '\x01"]',
        '["' + '\\"[' * 600 + '\x01"]',
        '{"a":' * 600,
    ],
    ids=range(7),
)
def test_nesting_counts_as_it_does_for_the_scanner(text: str) -> None:
    """Brackets in strings are none."""
    assert result(decode, text) == result(thoroughly, text)


MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    "text",
    [
        "[" + "0," * (MEGABYTE // 2) + "x",
        "[" + "0," * (MEGABYTE // 2) + "NaN]",
        "[" + "[]," * (MEGABYTE // 3) + "x",
        "[" + "1234567890123456789," * (MEGABYTE // 20) + "1]",
        "[" + "9999999999999999999," * (MEGABYTE // 20) + "1]",
        '["\x01",' + '"a",' * (MEGABYTE // 4) + "1]",
        '"\x01' + '\\"' * (MEGABYTE // 2),
        "[" * MEGABYTE,
        '{"a":1,' * (MEGABYTE // 7),
    ],
    ids=["letter", "NaN", "pairs", "19 digits", "64 bits", "control", "quotes", "deep", "keys"],
)
def test_a_megabyte_takes_no_second(text: str) -> None:
    """It took that and more, of which nothing was paid; now a tenth."""
    before = time.process_time()
    result(decode, text)
    assert time.process_time() - before < 1


def test_what_takes_longer_is_paid_for() -> None:
    """A text of pairs of surrogates is read in Python; the budget ends that."""
    left = 200_000

    def spend(steps: int) -> None:
        nonlocal left
        left -= steps
        if left < 0:
            raise LimitError("enough")

    with pytest.raises(LimitError, match="enough"):
        decode('["\x01",' + '"\\ud83d\\ude00",' * 100_000 + "1]", spend=spend)
