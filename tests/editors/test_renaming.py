"""A rename changes nothing: what programs print before and after, for every variable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from soli_runtime.tools.editing.documents import Document
from soli_runtime.tools.editing.everywhere.refusing import CannotRename
from soli_runtime.tools.editing.everywhere.renaming import Renaming, applied
from soli_runtime.tools.editing.everywhere.workspace import Workspace
from soli_runtime.tools.editing.library import Library
from soli_runtime.tools.editing.projects import Projects
from soli_runtime.tools.editing.protocol.diagnosing import Diagnosing
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, Limits, SoliError

from ..support.corpus import ROOT, program_files, vector_programs

LIBRARY = Library()
DIAGNOSING = Diagnosing()
MIRRORED = ("defined(", "binding", "const_get", "instance_eval", "define_method")
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


def renames(document: Document) -> list[tuple[str, str, str]]:
    """For each variable, function and class: its name, a new one, and the text after that."""
    found, seen = [], set()
    renaming = Renaming(Workspace(Projects(), lambda: [document]), LIBRARY, DIAGNOSING.types_of)
    for token in document.tokens:
        if token.type != "NAME":
            continue
        try:
            name = "BrandNew" if token.value[0].isupper() else "brand_new"
            (one,) = renaming.renamed(document, token.start, name)
        except CannotRename:
            continue
        edits = one.edits
        if edits[0] not in seen:
            seen.add(edits[0])
            found.append((token.value, name, applied(document.text, edits)))
    return found


@pytest.mark.parametrize("part", range(6))
def test_programs_print_the_same(part: int) -> None:
    count = 0
    for title, text in vector_programs()[part::6]:
        if any(word in text for word in MIRRORED):
            continue
        before = None
        for old, new, changed in renames(Document(Path("x.soli"), text)):
            before = printed(text) if before is None else before
            assert printed(changed).replace(new, old) == before, f"{title}\n{text}\n{changed}"
            count += 1
    assert count > 5


def test_most_variables_can_be_renamed() -> None:
    paths = [path for path in program_files() if path.parts[0] == "examples"]
    documents = [Document(ROOT / path, (ROOT / path).read_text("utf-8")) for path in paths]
    total = sum(len(renames(document)) for document in documents)
    assert total > 100
