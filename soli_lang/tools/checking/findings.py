"""What a check finds, and what it knows of the world outside the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...base.source import Source, Span
from ...tree import nodes

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a program, or something that is hardly meant."""

    severity: str
    """`error` (it fails when it is reached) or `warning`."""
    code: str
    """A stable name of the kind of finding: `unknown-name`."""
    message: str
    source: Source
    span: Span
    hint: str | None = None

    @property
    def order(self) -> tuple[int, str]:
        return (self.span.start, self.code)


def no_exports(path: str, importer: str) -> set[str] | None:
    """Nothing is known of imported files."""
    return None


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a file finds outside itself."""

    builtins: Mapping[str, Any]
    """Global names and their values (`Machine.globals`)."""
    methods: Mapping[str, Mapping[type, Any]] = field(default_factory=dict)
    """Method name -> type of receiver -> builtin method (`Machine.methods`)."""
    names: frozenset[str] = frozenset()
    """What other files of the program make visible everywhere."""
    contracts: Mapping[str, Any] = field(default_factory=dict)
    """Name of a function that a host calls -> its `inference.contracts.Contract`."""
    results: Mapping[str, Any] = field(default_factory=dict)
    """Name of a builtin function -> the type of what it gives in this program."""
    rules: Mapping[str, Mapping[int, Any]] = field(default_factory=dict)
    """Name of a builtin (`KV.set`) -> index of an argument -> `inference.contracts.ValueRule`."""
    judges: Mapping[str, Callable[[Any, nodes.Call, list[Any]], None]] = field(default_factory=dict)
    """Name of a method -> (walk, call, types of its arguments): says what a host refuses."""
    signatures: Mapping[str, nodes.FunctionNode] = field(default_factory=dict)
    """Name of a function that a host defines -> its parameters and result with their types."""
    given_statics: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Name of a method -> the static methods that a host gives each class that defines it."""
    walk: Callable[[nodes.Program, Known, Findings], Any] | None = None
    """What makes the walk that infers types, for whoever wants to know them."""
    is_test: bool = False
    """The file tests what fails, too: what is an error elsewhere is a warning in it."""
    exports_of: Callable[[str, str], set[str] | None] = no_exports
    """(path as written, importing file) -> what that file exports; None: nobody knows.

    Raises LookupError when there is no such file."""


class Findings:
    """Collects findings for one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.all: list[Finding] = []

    def error(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.all.append(Finding(ERROR, code, message, self.source, span, hint))

    def warning(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.all.append(Finding(WARNING, code, message, self.source, span, hint))
