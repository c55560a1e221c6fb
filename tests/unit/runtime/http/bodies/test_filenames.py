"""Names of uploaded files."""

from __future__ import annotations

import pytest
from soli_runtime.http.bodies.filenames import MAX_NAME_CHARACTERS, UNNAMED, plain_name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("cat.png", "cat.png"),
        ("../../app/controllers/x.soli", "x.soli"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("C:a.txt", "a.txt"),
        ("a.txt:stream", "stream"),
        ("a\0b\n.txt", "ab.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        (" Käse 1.txt ", "Käse 1.txt"),
        ("a/", UNNAMED),
        ("..", UNNAMED),
        ("../..", UNNAMED),
        ("", UNNAMED),
        ("\0", UNNAMED),
    ],
)
def test_a_name_has_no_path(written: str, name: str) -> None:
    """On any system."""
    assert plain_name(written) == name


def test_a_long_name_keeps_its_ending() -> None:
    """At the limit it is whole."""
    at = "a" * (MAX_NAME_CHARACTERS - 4) + ".png"
    assert plain_name(at) == at
    assert plain_name("b" + at) == at
