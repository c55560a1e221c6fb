"""A rename changes nothing: what programs print before and after, for every local variable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from soli_runtime.tools.editing.documents import Document
from soli_runtime.tools.editing.renaming import CannotRename, applied, renamed
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, Limits, SoliError

from ..support.corpus import ROOT, program_files, vector_programs

MIRRORED = ("defined(", "binding", "instance_eval", "define_method")
"""What looks names up by their text."""


def printed(text: str) -> str:
    out: list[str] = []
    limits = Limits(max_seconds=2)
    interpreter = Interpreter(install, limits=limits, capabilities=Capabilities(output=out.append))
    try:
        interpreter.load(text).run()
    except SoliError as error:
        out.append(f"{type(error).__name__}: {error.message}")
    return re.sub(r" at \d+:\d+", "", "".join(out))  # the new name is longer


def renames(document: Document) -> list[str]:
    """The text after the rename of each local variable, by turns."""
    found, seen = [], set()
    for token in document.tokens:
        if token.type != "NAME":
            continue
        try:
            edits = renamed(document, token.start, "brand_new")
        except CannotRename:
            continue
        if edits[0] not in seen:
            seen.add(edits[0])
            found.append(applied(document.text, edits))
    return found


@pytest.mark.parametrize("part", range(6))
def test_programs_print_the_same(part: int) -> None:
    count = 0
    for title, text in vector_programs()[part::6]:
        if any(word in text for word in MIRRORED):
            continue
        before = None
        for changed in renames(Document(Path("x.soli"), text)):
            before = printed(text) if before is None else before
            assert printed(changed) == before, f"{title}\n{text}\n{changed}"
            count += 1
    assert count > 5


def test_most_local_variables_can_be_renamed() -> None:
    paths = [path for path in program_files() if path.parts[0] == "examples"]
    documents = [Document(ROOT / path, (ROOT / path).read_text("utf-8")) for path in paths]
    total = sum(len(renames(document)) for document in documents)
    assert total > 40
