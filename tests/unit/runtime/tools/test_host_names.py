"""`soli check --define`: what a host defines is known, with its number of arguments."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.loading.project import find_project
from soli_runtime.tools.checks import ProgramCheck
from soli_runtime.tools.host_names import WrongDefinition, host_names

WRONG = "Wrong number of arguments: price_of() takes "


def found(tmp_path: Path, text: str, *definitions: str) -> list[str]:
    """The messages of the errors in *text*."""
    path = tmp_path / "app.soli"
    path.write_text(text, "utf-8")
    findings = ProgramCheck(host_names(definitions)).check_file(path)
    return [finding.message for finding in findings]


def test_a_name_is_unknown_unless_it_is_defined(tmp_path: Path) -> None:
    text = 'print(price_of("pear"))\n'

    assert found(tmp_path, text) == ["Undefined variable 'price_of'"]
    assert found(tmp_path, text, "price_of/1") == []


@pytest.mark.parametrize(
    ("definition", "call", "fault"),
    [
        ("price_of/1", "price_of()", WRONG + "1, got 0"),
        ("price_of/1", "price_of(1, 2)", WRONG + "1, got 2"),
        ("price_of/1-2", "price_of(1, 2)", None),
        ("price_of/1-2", "price_of(1, 2, 3)", WRONG + "1 to 2, got 3"),
        ("price_of/1+", "price_of()", WRONG + "at least 1, got 0"),
        ("price_of/1+", "price_of(1, 2, 3)", None),
        ("price_of", "price_of(1, 2, 3)", None),
        ("price_of/0", "price_of", None),
        ("price_of/1", "price_of(1) { 2 }", WRONG + "1, got 2"),
    ],
)
def test_calls_are_held_against_the_arity(
    tmp_path: Path, definition: str, call: str, fault: str | None
) -> None:
    assert found(tmp_path, f"print({call})\n", definition) == ([fault] if fault else [])


def test_a_name_that_is_nearly_one_gets_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "app.soli"
    path.write_text("print(pric_of(1))\n", "utf-8")

    (finding,) = ProgramCheck(host_names(["price_of/1"])).check_file(path)

    assert finding.hint == "did you mean 'price_of'?"


def test_a_spec_knows_it_too(tmp_path: Path) -> None:
    path = tmp_path / "price_spec.soli"
    path.write_text('test("a price") do\n  assert_eq(price_of(1), 3)\nend\n', "utf-8")

    assert ProgramCheck(host_names(["price_of/1"])).check_file(path) == []


def test_a_top_level_that_calls_it_does_not_hide_a_wrong_route(tmp_path: Path) -> None:
    """The app is loaded for its routes; there it gives null."""
    path = tmp_path / "app.soli"
    path.write_text('rate = price_of(1)\nget("/", "app#nobody")\n', "utf-8")
    check = ProgramCheck(host_names(["price_of/1"]))

    assert [one.code for one in check.check_project(find_project(path))] == ["route"]
    assert check.check_file(path) == []


NONSENSE = ["", "9x", "x/", "x/-1", "x/1-", "x/one", "a b", "x/1+2", "x/1000"]


@pytest.mark.parametrize("text", NONSENSE)
def test_a_definition_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(WrongDefinition, match="expected NAME/2"):
        host_names([text])


def test_a_range_from_more_to_less_is_refused() -> None:
    with pytest.raises(WrongDefinition, match="more arguments at least than at most"):
        host_names(["x/2-1"])
