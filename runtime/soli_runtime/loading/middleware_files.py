"""The middleware that an app's files define, and the comments that say when it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from soli_lang.base.errors import SoliError
from soli_lang.base.records import Record
from soli_lang.base.source import NOWHERE, Source, Span
from soli_lang.interpreter import Program
from soli_lang.tree import nodes
from soli_lang.values.values import Function

from ..routing.returns import definition_of
from ..routing.routes import RouteError

DEFAULT_ORDER = 100

_OPTIONS = ("order", "global_only", "scope_only")
_COMMENT = re.compile(r"\s*(?:#|//)\s*(order|global_only|scope_only)\s*:\s*(.*?)\s*\Z")
_NUMBER = re.compile(r"-?\d{1,6}\Z")

STREAMING = frozenset({"sse", "sse_subscribe", "stream"})
"""Builtins that answer for as long as the client listens: an action may, before one nobody may."""


class Middleware(Record, frozen=True):
    """One function that runs before handlers."""

    name: str
    function: Function
    order: int = DEFAULT_ORDER
    is_global: bool = False
    """Whether it runs for every HTTP route."""
    is_scoped: bool = True
    """Whether routes may name it."""
    alias: str | None = None
    """The name of its file, where it is the only one in it."""
    path: Path | None = None
    """Its file; None for a function of the routes file."""


def middleware_of(path: Path, program: Program) -> list[Middleware]:
    """The middleware of a file of `app/middleware`."""
    options = leading_options(program.source.text)
    functions = {
        name: function for name, function in program.functions().items() if not name.startswith("_")
    }
    order = options.get("order", "")
    alias = path.stem if len(functions) == 1 else None
    return [
        Middleware(
            name,
            function,
            int(order) if _NUMBER.match(order) else DEFAULT_ORDER,
            is_global=options.get("scope_only") != "true",
            is_scoped=options.get("global_only") != "true",
            alias=alias,
            path=path,
        )
        for name, function in functions.items()
    ]


def leading_options(text: str) -> dict[str, str]:
    """`order`, `global_only` and `scope_only` from the comments that begin a file."""
    return {name: value for name, value, _ in _written_options(text)}


def _written_options(text: str) -> Iterator[tuple[str, str, Span]]:
    """Each option, what it is set to, and where."""
    at = 0
    for line in text.splitlines(keepends=True):
        start, at = at, at + len(line)
        if not line.strip():
            continue
        if not line.lstrip().startswith(("#", "//")):
            break
        match = _COMMENT.match(line)
        if match is not None:
            yield match[1], match[2], Span(start, start + len(line.rstrip()))


def faults_of_file(path: Path, program: Program) -> Iterator[SoliError]:
    """What is wrong with a file of `app/middleware` by itself."""
    source = program.source
    yield from _faults_of_options(source)
    found = middleware_of(path, program)
    if not found:
        hint = f"define one: def {path.stem}(request) … end; names that begin with _ are helpers"
        yield placed(RouteError("this file defines no middleware", hint=hint), source)
    for one in found:
        yield from faults_of_function(one, source)


def _faults_of_options(source: Source) -> Iterator[SoliError]:
    found = {}
    for name, value, place in _written_options(source.text):
        found[name] = (value, place)
        if name == "order" and not _NUMBER.match(value):
            error = RouteError(f"order of a middleware: expected a whole number, got '{value}'")
            yield placed(error, source, place)
        elif name != "order" and value not in ("true", "false"):
            error = RouteError(f"{name} of a middleware: expected true or false, got '{value}'")
            yield placed(error, source, place)
    both = [found[name] for name in _OPTIONS[1:] if name in found and found[name][0] == "true"]
    if len(both) == 2:
        text = "global_only and scope_only exclude each other: this middleware would never run"
        yield placed(RouteError(text), source, both[1][1])


def faults_of_function(one: Middleware, source: Source) -> Iterator[SoliError]:
    """A middleware that takes something else than a request, or that streams."""
    node = definition_of(one.function)
    if node is None:
        return
    required = [param for param in node.params if param.default is None and not param.is_block]
    if len(required) > 1:
        hint = f"a helper's name begins with _: _{one.name}" if one.path is not None else None
        text = f"middleware '{one.name}' takes the request, not {len(required)} values"
        yield placed(RouteError(text, hint=hint), source, node.span)
    for name in streams(node):
        text = f"middleware '{one.name}' may not stream: only an action may"
        yield placed(
            RouteError(text, hint="end with a response such as halt(…)"), source, name.span
        )


def streams(node: nodes.FunctionNode) -> Iterator[nodes.Name]:
    """Where a function calls what streams."""
    pending: list[nodes.Node] = [node.body]
    while pending:
        one = pending.pop()
        callee = one.callee if isinstance(one, nodes.Call) else None
        if isinstance(callee, nodes.Name) and callee.name in STREAMING:
            yield callee
        pending.extend(nodes.children(one))


def doubles(
    available: Iterable[Middleware], programs: Mapping[Path, Program]
) -> Iterator[SoliError]:
    """Middleware whose name another one has."""
    seen: dict[str, Middleware] = {}
    for one in available:
        for name in dict.fromkeys(filter(None, (one.name, one.alias))):
            first = seen.setdefault(name, one)
            if first is not one and one.path is not None:
                text = f"two files define a middleware '{name}': {first.path} does, too"
                node = definition_of(one.function)
                span = NOWHERE if node is None else node.span
                yield placed(RouteError(text), programs[one.path].source, span)


def placed(error: SoliError, source: Source, span: Span = NOWHERE) -> SoliError:
    """*error*, at a place of a file."""
    error.locate(span, source)
    return error
