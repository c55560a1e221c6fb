"""Methods of Bytes (docs/spec §L9), which come from binary messages and files."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_stdlib import install

from soli_lang import Interpreter
from soli_lang.base.errors import LimitError, SoliError
from soli_lang.base.limits import Limits

TEXT = "né → 😀"
NO_TEXT = b"ab\xff"


def run(program: str, value: bytes, limits: Limits | None = None) -> Any:
    interpreter = Interpreter(install, limits=limits or Limits())
    interpreter.define("b", value)
    return interpreter.run(program)


@pytest.mark.parametrize(
    ("program", "result"),
    [
        ("len(b)", 12),
        ("b.length", 12),
        ("b[0]", 110),
        ("b[-1]", 128),
        ("b == b", True),
        ("b.to_utf8", TEXT),
        ("b.to_utf8()", TEXT),
        ("b.to_base64", b64encode(TEXT.encode()).decode()),
        ("Base64.decode(b.to_base64)", TEXT),
        ('{ "data": b.to_base64 }.to_json', '{"data":"bsOpIOKGkiDwn5iA"}'),
        ("b.to_h", {}),
        ('b&.to_utf8.contains("😀")', True),
    ],
)
def test_what_programs_read_of_bytes(program: str, result: Any) -> None:
    assert run(program, TEXT.encode()) == result


def test_bytes_that_are_no_text_say_where() -> None:
    with pytest.raises(SoliError) as raised:
        run("b.to_utf8", NO_TEXT)
    assert raised.value.kind == "ValueError"
    assert raised.value.message == "to_utf8() expects UTF-8, got 255 at byte 2"
    assert "to_base64" in (raised.value.hint or "")
    assert run('b.to_utf8 rescue "no text"', NO_TEXT) == "no text"


@pytest.mark.parametrize("method", ["to_base64", "to_utf8"])
def test_both_are_paid_for_and_bounded(method: str) -> None:
    value = b"x" * 100_000
    with pytest.raises(LimitError):
        run(f"b.{method}", value, Limits(max_steps=100))
    with pytest.raises(SoliError, match="too large"):
        run(f"b.{method}", value, Limits(max_value_bytes=1000))
    assert len(run(f"b.{method}", value, Limits(max_steps=100_000))) >= 100_000


@given(st.binary(max_size=60))
def test_base64_is_python_s(value: bytes) -> None:
    assert run("b.to_base64", value) == b64encode(value).decode()
