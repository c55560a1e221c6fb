"""The floor plan: folders that say what they hold, doors that stay, words that are never used."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

from .support import rooms
from .support.corpus import ROOT

FOLDERS = rooms.folders()
MOST_ENTRIES = 16
"""Beside `__init__`: about a dozen, so that one can guess where something is."""
LARGE_ROOMS = {
    "runtime/soli_runtime": "the rooms, each in the contract of layers",
    "runtime/soli_runtime/cluster": "one more than others: not split yet",
    "runtime/soli_runtime/cli": "a module for each command",
    "runtime/soli_runtime/http": "one more than others: not split yet",
    "soli_lang/evaluator": "one more than others: what is written for a debugger",
    "soli_lang/tools/inference": "a module for each kind of thing that is inferred",
}

DOORS = {
    "soli_lang": {"Interpreter", "Limits", "Capabilities", "LimitError", "SoliError", "render"},
    "soli_stdlib": {"install"},
    "soli_runtime": {"mount", "Settings", "Log", "Realtime", "InvalidApp"},
    "soli_runtime.cli": {"main"},
}
"""What hosts import, and the command `soli`."""


def name(folder: Path) -> str:
    return str(folder.relative_to(ROOT))


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_each_room_says_in_one_sentence_what_lives_there(folder: Path) -> None:
    """The first paragraph of the docstring of its `__init__`."""
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
    assert said, "no docstring"
    first = said.split("\n\n")[0]
    assert first.endswith(".")
    assert len(first) < 200


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_a_room_has_about_a_dozen_entries(folder: Path) -> None:
    """More is a hall again."""
    entries = {path.name for path in folder.iterdir() if path.suffix in (".py", "")}
    count = len(entries - {"__init__.py", "__pycache__"})
    assert count <= MOST_ENTRIES or name(folder) in LARGE_ROOMS


@pytest.mark.parametrize(
    ("module", "door"), [(module, door) for module in DOORS for door in sorted(DOORS[module])]
)
def test_the_public_doors_stay(module: str, door: str) -> None:
    """`from soli_lang import Interpreter` and its like are promises to hosts."""
    assert getattr(importlib.import_module(module), door)


def test_every_room_stands_in_the_contract_of_layers() -> None:
    """A new room must say between which others it lies (pyproject.toml)."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    listed = set(re.findall(r"soli_(?:lang|stdlib|runtime)\.\w+", text))
    assert set(rooms.arrows()) - listed == set()


def test_the_picture_shows_the_imports_as_they_are() -> None:
    """`make picture` draws it anew."""
    assert rooms.drawn_picture() == rooms.picture(rooms.reduced(rooms.arrows()))


EMPTY_WORDS = {"util", "utils", "manager", "misc", "common", "stuff", "thing", "impl"}
"""Words that say nothing of what a module, a class or a function is for."""


def words_of(identifier: str) -> set[str]:
    """`HttpActions` and `http_actions` are the words http and actions."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)
    return {part.lower() for part in parts}


def defined_names(path: Path) -> list[str]:
    """The module's own name and those of its classes and functions."""
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [path.stem, *(node.name for node in ast.walk(tree) if isinstance(node, kinds))]


def test_names_have_no_empty_words() -> None:
    """Names of modules, classes and functions."""
    found = [
        f"{path.relative_to(ROOT)}: {identifier}"
        for folder in FOLDERS
        for path in sorted(folder.glob("*.py"))
        for identifier in defined_names(path)
        if words_of(identifier) & EMPTY_WORDS
    ]
    assert found == []
