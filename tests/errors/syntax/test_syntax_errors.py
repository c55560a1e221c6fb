"""Whole renderings of syntax errors: each `NAME.soli` is refused with the text of `NAME.txt`.

`make golden` writes the texts anew: read the difference before committing it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from soli_lang.base.errors import SoliSyntaxError, render
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.syntax.tables import compute, grammar_text

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in HERE.glob("*.soli"))


def rendered(name: str) -> str:
    path = HERE / f"{name}.soli"
    with pytest.raises(SoliSyntaxError) as caught:
        parse(Source(path.name, path.read_text(encoding="utf-8")))
    return render(caught.value) + "\n"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_wrong_program_is_refused_in_these_words(name: str) -> None:
    """Byte for byte."""
    expected = HERE / f"{name}.txt"
    if os.environ.get("SOLI_REWRITE_GOLDEN"):
        expected.write_text(rendered(name), encoding="utf-8")
    assert rendered(name) == expected.read_text(encoding="utf-8")


def test_no_name_of_the_grammar_gets_out() -> None:
    """Messages speak of expressions and brackets, not of terminals and rules."""
    states = compute(grammar_text())["states"]
    terminals = {symbol for row in states for symbol in row if symbol.isupper()}
    said = "\n".join(rendered(name) for name in PROGRAMS)
    assert terminals & set(re.findall(r"\b[A-Z_]{3,}\b", said)) == set()
