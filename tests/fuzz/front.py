"""What must be true of any text: it is read, or refused in our own words at a place inside it."""

from __future__ import annotations

from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, SoliError, SoliSyntaxError
from soli_lang.base.errors import render
from soli_lang.base.source import Source
from soli_lang.evaluator.scopes import FileScope
from soli_lang.interpreter import Program
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import Known, check, known_of
from soli_lang.tools.formatting import format_source

REFUSED = "refused"
PROGRAM = "a program"


class Front:
    """Scanner, parser, checker, compiler and formatter, as a host uses them."""

    def __init__(self) -> None:
        no_files = Capabilities(load_module=lambda path, importer: None)
        self._interpreter = Interpreter(install, capabilities=no_files)
        self._known: Known = known_of(self._interpreter.machine)

    def examine(self, text: str) -> str:
        """Read *text*; `REFUSED` or `PROGRAM`.

        Raises AssertionError for a bad error, and whatever comes out that should not.
        """
        source = Source("fuzz", text)
        try:
            program = parse(source)
        except SoliSyntaxError as error:
            judge_error(error, text)
            return REFUSED
        for finding in check(program, self._known):
            judge_span(finding.span, text)
        try:
            Program(self._interpreter, program, FileScope())
        except SoliError as error:
            judge_error(error, text)
            return REFUSED
        formatted = format_source(source)
        assert format_source(Source("fuzz", formatted)) == formatted, "formatting is not stable"
        return PROGRAM


def judge_error(error: SoliError, text: str) -> None:
    """Every error has words and a place inside the text, and can be shown."""
    for one in error.all if isinstance(error, SoliSyntaxError) else [error]:
        assert one.message, "an error without words"
        judge_span(one.span, text)
    assert render(error).startswith("Error: ")


def judge_span(span: object, text: str) -> None:
    assert isinstance(span, tuple), "an error without a place"
    start, end = span
    assert 0 <= start <= end <= len(text), f"{span} lies outside of {len(text)} characters"
