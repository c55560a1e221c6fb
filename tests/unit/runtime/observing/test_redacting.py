"""Secrets are taken out by their names, however deep the text is wrapped."""

from __future__ import annotations

import json
import time

import pytest
from soli_runtime.observing.redacting import redacted, redacted_text

PLAIN = '{"event": "log in", "password": "hunter2"}'


def wrapped(text: str, times: int) -> str:
    for _ in range(times):
        text = json.dumps(text)
    return text


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_json_in_text_in_text(times: int) -> None:
    """What a handler sends on is written as a String that holds JSON."""
    shown = redacted_text(wrapped(PLAIN, times))
    assert "hunter2" not in shown
    assert "log in" in shown


@pytest.mark.parametrize("times", [0, 1])
def test_arguments_that_are_no_json(times: int) -> None:
    """`ws_send` is told as its arguments with commas between them."""
    shown = redacted_text(f'"c1", {wrapped(PLAIN, times)}')
    assert "hunter2" not in shown
    assert "log in" in shown


def test_json_inside_of_an_array() -> None:
    """And Hashes in it, however deep."""
    shown = json.dumps(redacted([PLAIN, [{"token": "hunter2", "name": "ann"}]]))
    assert "hunter2" not in shown
    assert "ann" in shown


def test_json_inside_of_a_hash() -> None:
    """A field of another name that holds JSON."""
    shown = json.dumps(redacted({"body": PLAIN, "to": ["c1"]}))
    assert "hunter2" not in shown
    assert "c1" in shown


@pytest.mark.parametrize("text", ["", "hello", '"', "{", '"a": "b"', "[1, 2]", "null", '"x"'])
def test_what_holds_no_secret_stays(text: str) -> None:
    """To the letter."""
    assert redacted_text(text) == text


def test_what_is_nested_deeper_than_anybody_means_it() -> None:
    """A client may send that; the secrets in it are found all the same."""
    assert "hunter2" not in redacted_text("[" * 50_000 + PLAIN + "]" * 50_000)


@pytest.mark.parametrize("piece", ["\\", '"', '\\"', '"password": "', "[", '"a":"'])
def test_odd_texts_take_no_long_time(piece: str) -> None:
    """Somebody else chooses them."""
    began = time.process_time()
    redacted_text(piece * (20_000 // len(piece)))
    assert time.process_time() - began < 2
