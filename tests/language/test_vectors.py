"""The conformance vectors of the language, one pytest item each.

`vectors.txt` says in its first lines how it is to be read.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, SoliError, SoliSyntaxError

VECTORS = Path(__file__).with_name("vectors.txt")


def load_vectors() -> list[tuple[str, str, str]]:
    found = []
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        head, _, expected = line.partition(" ==> ")
        name, _, source = head.partition(": ")
        found.append((name, source.replace("⏎", "\n"), expected.replace("⏎", "\n")))
    return found


@pytest.mark.parametrize(
    ("name", "source", "expected"), load_vectors(), ids=[one[0] for one in load_vectors()]
)
def test_vector(name: str, source: str, expected: str) -> None:
    """The program prints what the vector says, or is refused as it says."""
    printed: list[str] = []
    interpreter = Interpreter(install, capabilities=Capabilities(output=printed.append))
    if expected.startswith("!"):
        with pytest.raises(SoliSyntaxError) as refused:
            interpreter.compile(source, "vector")
        text = f"{refused.value.stage}: {refused.value.message}"
        assert text.startswith(expected[1:])
        return
    try:
        interpreter.run(source, "vector")
    except SoliError as error:
        pytest.fail(f"{name}: {error.text()} after printing {''.join(printed)!r}")
    assert "".join(printed).removesuffix("\n") == expected
