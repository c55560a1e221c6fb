"""What classes are made of, told from the source: for the tests of sizes and of stores."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from . import rooms
from .corpus import ROOT

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Store(NamedTuple):
    """A statement that sets, changes or deletes an attribute of another object than `self`."""

    file: str
    """Relative to the repository."""
    line: int
    receiver: str
    """The last name of whose attribute it is: `live` in `self.live.stop_by = …`."""
    attribute: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.receiver}.{self.attribute} = …"


@cache
def modules() -> dict[str, ast.Module]:
    """The modules of the three packages, by path relative to the repository."""
    paths = [path for folder in rooms.folders() for path in sorted(folder.glob("*.py"))]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in paths}


def classes(tree: ast.Module) -> list[ast.ClassDef]:
    """All classes of a module."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def attributes(klass: ast.ClassDef) -> set[str]:
    """The names that a class declares: in its body as a field, or by setting them on `self`."""
    found = {node.attr for node in ast.walk(klass) if _is_store(node) and _is_own(node.value)}
    for node in klass.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def constructor_parameters(klass: ast.ClassDef) -> int:
    """How many `__init__` has, beside `self`."""
    for node in klass.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return len(node.args.args) - 1 + len(node.args.kwonlyargs)
    return 0


def stores_from_outside() -> list[Store]:
    """Stores in attributes that classes of other modules of ours declare."""
    declared = {
        file: set().union(*(attributes(klass) for klass in classes(tree)))
        for file, tree in modules().items()
    }
    ours = set().union(*declared.values())
    return [
        Store(file, node.lineno, _receiver(node.value), node.attr)
        for file, tree in modules().items()
        for node in _stores(tree)
        if node.attr in ours and node.attr not in declared[file]
    ]


def _stores(tree: ast.Module) -> Iterator[ast.Attribute]:
    for node in ast.walk(tree):
        if _is_store(node) and not _is_own(node.value):
            yield node


def _is_store(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)


def _is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


def _receiver(value: ast.expr) -> str:
    if isinstance(value, ast.Call):
        return f"{_receiver(value.func)}()"
    if isinstance(value, ast.Subscript):
        return f"{_receiver(value.value)}[]"
    return value.attr if isinstance(value, ast.Attribute) else ast.unparse(value)


def lines_of(file: str) -> int:
    """How long a module is."""
    return len((ROOT / file).read_text("utf-8").splitlines())


def name_of(file: str) -> str:
    """A module's path without what all of its package share: `serving/service.py`."""
    return file.removeprefix("runtime/soli_runtime/").removeprefix("stdlib/")
