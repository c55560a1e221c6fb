"""What authors use: `soli check`, `soli fmt`, `soli lsp` and `soli doc`, on any text at all."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from soli_runtime.tools.checks import ProgramCheck
from soli_runtime.tools.editing.completing import Completing
from soli_runtime.tools.editing.documents import Document
from soli_runtime.tools.editing.everywhere.refusing import CannotRename
from soli_runtime.tools.editing.everywhere.renaming import Renaming
from soli_runtime.tools.editing.everywhere.workspace import Workspace
from soli_runtime.tools.editing.explaining import Explaining
from soli_runtime.tools.editing.finding import Finding
from soli_runtime.tools.editing.fixing import fixes_of
from soli_runtime.tools.editing.layout import at_line_end
from soli_runtime.tools.editing.library import Library
from soli_runtime.tools.editing.outline import symbols
from soli_runtime.tools.editing.projects import Projects
from soli_runtime.tools.editing.protocol.diagnosing import Diagnosing
from soli_runtime.tools.editing.viewing.folding import folds, selections
from soli_runtime.tools.editing.viewing.inferred import hints
from soli_runtime.tools.editing.viewing.lenses import lenses
from soli_runtime.tools.editing.viewing.naming import named
from soli_runtime.tools.reference import Reference, entry_text

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tools.formatting import format_source

from .front import judge_error, judge_span
from .inputs import Program

QUESTIONS = 3
"""Places of a text that the language server is asked about."""
MOST_SECONDS = 1.0
MOST_SECONDS_OF_A_CHARACTER = 400e-6
"""CPU time of one tool for one text; a machine that is busy is slower by half."""


class TooSlow(AssertionError):
    """A tool takes more than a text of that length may take."""


class _Alone(Workspace):
    """A document without the files around it: to parse those takes as long as they are long."""

    def around(self, path: Path) -> Iterator[Document]:
        yield from self._opened()


class Desk:
    """All tools at once, as one author has them open."""

    def __init__(self) -> None:
        self._check = ProgramCheck()
        self._diagnosing = Diagnosing()
        self._library = Library()
        self._projects = Projects()
        self._reference = Reference()
        self._before: Document | None = None

    def examine(self, program: Program, seed: int) -> bool:
        """Give *program* to each tool; whether it is one. Raises what comes out that should not."""
        random_ = random.Random(seed)
        path, text = program
        self._timed(text, lambda: self._checked(path, text))
        self._timed(text, lambda: self._edited(path, text, random_))
        self._timed(text, lambda: self._looked_up(text, random_))
        return self._formatted(path, text)

    def _timed(self, text: str, work: Callable[[], None]) -> None:
        # Of this thread, without the garbage of all that the process has held so far.
        gc.disable()
        try:
            begin = time.thread_time()
            work()
            taken = time.thread_time() - begin
        finally:
            gc.enable()
        if taken > MOST_SECONDS + MOST_SECONDS_OF_A_CHARACTER * len(text):
            raise TooSlow(f"{taken:.1f} s for {len(text)} characters")

    def _checked(self, path: Path, text: str) -> None:
        for finding in self._check.check_source(path, Source(str(path), text)):
            assert finding.message, "a finding without words"
            assert "internal error" not in finding.message
            judge_span(finding.span, text)

    def _formatted(self, path: Path, text: str) -> bool:
        try:
            parse(Source(str(path), text))
        except SoliSyntaxError as error:
            judge_error(error, text)
            return False
        formatted: list[str] = []
        self._timed(text, lambda: formatted.append(format_source(Source(str(path), text))))
        again = format_source(Source(str(path), formatted[0]))
        assert again == formatted[0], "formatting is not stable"
        return True

    def _edited(self, path: Path, text: str, random_: random.Random) -> None:
        document = Document(path, text, self._before)
        self._before = document if random_.random() < 0.8 else None
        self._diagnosing.diagnostics(document)
        symbols(document)
        self._viewed(document, text)
        workspace = _Alone(self._projects, lambda: [document])
        renaming = Renaming(workspace, self._library, self._diagnosing.types_of)
        for _ in range(QUESTIONS):
            offset = random_.randrange(len(text) + 1)
            Completing(document, self._library, self._projects).offers(offset)
            explaining = Explaining(document, self._library, self._projects)
            explaining.at(offset, self._diagnosing.types_of(document))
            explaining.call(offset)
            Finding(document, self._projects).at(offset)
            with suppress(CannotRename):
                judge_span(renaming.place(document, offset), text)
                name = random_.choice(("brand_new", "x", "end", "a b", ""))
                renaming.renamed(document, offset, name)
            at_line_end(document, offset, random_.choice("\nd}"))
            for span in selections(document, offset):
                judge_span(span, text)

    def _viewed(self, document: Document, text: str) -> None:
        for finding in self._diagnosing.findings(document):
            for fix in fixes_of(document, finding):
                for span, _ in fix.edits:
                    judge_span(span, text)
        folds(document)
        lenses(document)
        program = document.program
        if program is not None:
            for one in named(program, self._library, frozenset()):
                judge_span(one.span, text)
            for hint in hints(program.tree, self._diagnosing.types_of(document)):
                assert 0 < hint.offset <= len(text)

    def _looked_up(self, text: str, random_: random.Random) -> None:
        start = random_.randrange(len(text) + 1)
        name = text[start : start + random_.choice((1, 5, 20, 500))]
        for entry in self._reference.find(name):
            assert entry_text(entry)
        self._reference.suggestions(name)


def failing_part(program: Program, fails: Callable[[Program], bool]) -> Program:
    """*program* without the lines that it fails without, too."""
    lines = program.text.splitlines(keepends=True)
    size = max(1, len(lines) // 2)
    while size:
        at = 0
        while at < len(lines):
            shorter = lines[:at] + lines[at + size :]
            if fails(program._replace(text="".join(shorter))):
                lines = shorter
            else:
                at += size
        size //= 2
    return program._replace(text="".join(lines))


def until(seconds: float) -> Iterator[int]:
    """0, 1, 2, … for so many seconds of CPU time."""
    begin, number = time.process_time(), 0
    while time.process_time() - begin < seconds:
        yield number
        number += 1
