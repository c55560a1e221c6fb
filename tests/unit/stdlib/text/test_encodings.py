"""Base64, Hex, character encodings (docs/spec §L16)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soli_lang.base.limits import Limits

from ..installed import Library


@pytest.fixture
def soli() -> Library:
    return Library()


def test_base64_of_text_and_bytes(soli: Library) -> None:
    """encode takes a String, an Array of Ints, or Bytes."""
    assert soli.call("Base64.encode", "Hello World") == "SGVsbG8gV29ybGQ="
    assert soli.call("Base64.encode", [255, 254]) == "//4="
    assert soli.call("Base64.encode", b"\xff\xfe") == "//4="


def test_base64_decodes_to_text_when_it_is_utf8(soli: Library) -> None:
    """decode gives a String if it can, else an Array of Ints."""
    assert soli.call("Base64.decode", "w6k=") == "é"
    assert soli.call("Base64.decode", "//4=") == [255, 254]


@pytest.mark.parametrize("text", ["a", "ab!=", "YQ", "YQ=", "é", "Y Q==", "YQ==YQ=="])
def test_base64_refuses_what_is_malformed(soli: Library, text: str) -> None:
    """Missing padding and strange characters are errors."""
    assert soli.failure("Base64.decode", text).startswith("Base64 decode error: ")


def test_base64_refuses_values_that_are_no_bytes(soli: Library) -> None:
    """Bytes go from 0 to 255."""
    assert soli.failure("Base64.encode", [1, 256]) == "byte value 256 out of range"
    assert soli.failure("Base64.encode", [-1]) == "byte value -1 out of range"
    assert soli.failure("Base64.encode", 5) == "Base64.encode() expects string or array, got int"


@given(data=st.binary(max_size=50))
def test_urlsafe_base64_round_trips(data: bytes) -> None:
    """urlsafe_decode undoes urlsafe_encode, with or without padding."""
    soli = Library()
    text = soli.call("Base64.urlsafe_encode", list(data))
    assert "=" not in text
    decoded = soli.call("Base64.urlsafe_decode", text + "=" * (-len(text) % 4))
    expected: object = list(data)
    with suppress(UnicodeDecodeError):
        expected = data.decode()
    assert decoded == expected


def test_hex_round_trip(soli: Library) -> None:
    """encode writes lowercase, decode takes either case and 0x."""
    assert soli.call("Hex.encode", "AB\xff") == "4142c3bf"
    assert soli.call("Hex.decode", "0x41fF") == [65, 255]
    assert soli.call("Hex.decode", "") == []


def test_hex_errors(soli: Library) -> None:
    """The first pair that is no byte is named."""
    assert soli.failure("Hex.decode", "abc") == "Hex.decode(): odd-length hex string"
    assert soli.failure("Hex.decode", "41zz") == "Hex.decode(): invalid hex byte 'zz'"
    assert soli.failure("Hex.decode", "41é1") == "Hex.decode(): invalid hex byte 'é1'"
    assert soli.failure("Hex.decode", 5) == "Hex.decode() expects string, got int"


def test_latin1_is_windows_1252(soli: Library) -> None:
    """WHATWG labels: latin1 has the euro sign; the five holes are control characters."""
    assert soli.call("Encoding.decode", [233, 128, 129], "latin1") == "é€\x81"
    assert soli.call("Encoding.encode", "é€\x81", "ISO-8859-1") == [233, 128, 129]


def test_what_an_encoding_lacks_becomes_a_reference(soli: Library) -> None:
    """encode never fails on a character."""
    assert bytes(soli.call("Encoding.encode", "a✓\x80", "latin1")) == b"a&#10003;&#128;"


def test_malformed_bytes_become_replacement_characters(soli: Library) -> None:
    """decode never fails on a byte."""
    assert soli.call("Encoding.decode", [65, 255], "utf8") == "A�"


def test_unknown_encodings_are_named(soli: Library) -> None:
    """A label nobody knows is an error."""
    assert soli.failure("Encoding.decode", [65], "klingon") == "unknown encoding: klingon"


def test_every_label_names_a_codec(soli: Library) -> None:
    """Each encoding decodes ASCII (or pairs of bytes)."""
    from soli_stdlib.text.character_sets import _LABELS

    for labels in _LABELS.values():
        for label in labels.split():
            assert len(soli.call("Encoding.decode", [0x41, 0x42], label)) in (1, 2), label


def test_decoding_is_bounded() -> None:
    """An Array counts 8 bytes for each item."""
    soli = Library(limits=Limits(max_value_bytes=80))
    assert soli.call("Hex.decode", "41" * 10) == [65] * 10
    assert "value too large" in soli.failure("Hex.decode", "41" * 11)
