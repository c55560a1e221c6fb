"""Error texts are alike (docs/spec §9.2): one form for each thing that goes wrong."""

from __future__ import annotations

import re

import pytest

from tests.support.error_texts import PACKAGES, table

OTHER_FORMS = {
    r"^unknown ": "there is no THING 'NAME'",
    r"^not an? ": "expected WHAT, got 'VALUE'",
    r"\bmust be between\b": "expects WHAT from A to B, got C",
    r"\bat most$": "N THINGS, at most M are allowed",
    r"(?<!programs )\bcannot write (code|')": "'PATH' cannot be written: REASON",
    r"\bis there already\b": "'PATH' exists already",
    r": call it ": "NAME() works only while …",
    r"\bwhich one\b": "COMMAND needs a THING",
    r"(?<![.…])\.$": "no full stop at the end",
    r" \"\{": "values in single quotes",
}
"""What a text may not have, and the form that it has instead."""
OF_THE_FIRST = {
    "nanoid size must be between 1 and {MAX_NANOID_SIZE}, got {size}",
    "nanoid alphabet must have between 1 and {MAX_NANOID_ALPHABET} characters, got {len(alphabet)}",
}
"""Texts of the first implementation stay as they are."""


def test_texts_of_the_runtime_have_the_forms_of_the_specification() -> None:
    """Those of the language and of the library are, most of them, the first implementation's."""
    wrong = [
        f"{places[0]}: {text!r}, write {form}"
        for text, places in table("runtime").items()
        for pattern, form in OTHER_FORMS.items()
        if re.search(pattern, text) and text not in OF_THE_FIRST
    ]
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_the_table_has_the_texts_of_each_package(package: str) -> None:
    """It would be empty where errors are made in another way."""
    found = table(package)
    assert len(found) > 80
    assert all(
        re.fullmatch(r".+\.py:[0-9]+", place) for places in found.values() for place in places
    )
