"""The conformance vectors of the standard library, one pytest item each.

`vectors.txt` says in its first lines how it is to be read.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from soli_runtime.builtins.library import install_library
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter

VECTORS = Path(__file__).with_name("vectors.txt")
RUNTIME_NAMES = ("broadcast(", "redirect(")
"""What only a program inside the realtime runtime can call."""


class Vector(NamedTuple):
    section: str
    expression: str
    expected: str


def load_vectors() -> list[Vector]:
    vectors = []
    section = ""
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            title = line.strip("[]")
            if title.startswith("A."):
                section = title
                continue
        if line.strip() and not line.startswith("# "):
            expression, _, expected = line.partition(" ⇒ ")
            vectors.append(Vector(section, expression, expected))
    return vectors


ALL = load_vectors()
PRINTED = [one for one in ALL if not one.section.endswith("Failures")]
FAILING = [one for one in ALL if one.section.endswith("Failures")]


def interpreter_for(expression: str) -> tuple[Interpreter, list[str]]:
    printed: list[str] = []
    library = install_library if expression.startswith(RUNTIME_NAMES) else install
    return Interpreter(library, capabilities=Capabilities(output=printed.append)), printed


@pytest.mark.parametrize("vector", PRINTED, ids=[one.expression for one in PRINTED])
def test_an_expression_prints_what_the_specification_says(vector: Vector) -> None:
    """`print(expression)` writes the text of the vector."""
    interpreter, printed = interpreter_for(vector.expression)

    interpreter.run(f"print({vector.expression})", "vector")

    assert "".join(printed) == f"{vector.expected}\n"


@pytest.mark.parametrize("vector", FAILING, ids=[one.expression for one in FAILING])
def test_an_expression_fails_with_the_text_of_the_specification(vector: Vector) -> None:
    """A program that catches the error sees the text of the vector and a position."""
    interpreter, printed = interpreter_for(vector.expression)

    interpreter.run(f"try {{ {vector.expression} }} catch e {{ print(e) }}", "vector")

    message, separator, position = "".join(printed).rstrip("\n").rpartition(" at ")
    assert (message, separator) == (vector.expected, " at ")
    assert position.replace(":", "").isdigit()


def test_the_file_holds_all_vectors_of_the_appendix() -> None:
    """No vector is lost when the file is edited."""
    assert (len(PRINTED), len(FAILING)) == (356, 38)
