"""Environment variables and .env files (docs/spec §L20)."""

from __future__ import annotations

import pytest
from soli_stdlib.system.environment import parse_dotenv, with_dotenv

from ..installed import Library


def test_variables_come_from_the_host() -> None:
    """getenv and hasenv see the mapping that the host gave."""
    soli = Library(environment={"A": "1"})
    assert (soli.call("getenv", "A"), soli.call("getenv", "B")) == ("1", None)
    assert (soli.call("hasenv", "A"), soli.call("hasenv", "B")) == (True, False)
    assert soli.failure("getenv", 5) == "getenv() expects string name, got int"


def test_values_are_always_text() -> None:
    """Bytes that are not UTF-8 become replacement characters."""
    assert Library(environment={"A": "x\udcff"}).call("getenv", "A") == "x\ufffd"


@pytest.mark.parametrize("name", ["getenv", "hasenv"])
def test_without_a_mapping_they_say_so(name: str) -> None:
    """Not a variable of the host leaks."""
    assert "'environment'" in Library().failure(name, "PATH")


@pytest.mark.parametrize("name", ["setenv", "unsetenv", "dotenv", "dotenv!"])
def test_removed_functions(name: str) -> None:
    """They say that they are gone, however they are called."""
    soli = Library()
    for arguments in ((), ("A",), ("A", "1")):
        assert soli.failure(name, *arguments).startswith(f"{name}() has been removed")


def test_dotenv_files() -> None:
    """Names, quotes, comments, export."""
    text = "\n".join(
        (
            "# comment",
            "A=1",
            " export B = two words # comment",
            'C="a # b\\nc"',
            "D='raw\\n'",
            "E=",
            "nonsense",
            "=x",
        )
    )
    expected = {"A": "1", "B": "two words", "C": "a # b\nc", "D": "raw\\n", "E": ""}
    assert parse_dotenv(text) == expected


def test_dotenv_precedence() -> None:
    """.env never overwrites, .env.APP_ENV does, protected variables stay."""
    environment = {"A": "host", "P": "host", "SOLI_PROTECT_ENV": "P, Q"}
    merged = with_dotenv(environment, "A=env\nB=env\nC=env", "A=app\nB=app\nP=app\nQ=app")
    expected = {"A": "app", "B": "app", "C": "env", "P": "host", "Q": "app"}
    assert merged == {**expected, "SOLI_PROTECT_ENV": "P, Q"}
