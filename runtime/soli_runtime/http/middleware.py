"""Functions that see a request before its action (docs/spec §L24.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from soli_lang.base.source import Source
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Function, Value

from ..routing.event_use import body_parts_seen

DEFAULT_ORDER = 100

_COMMENT = re.compile(r"\s*(?:#|//)\s*(order|global_only|scope_only)\s*:\s*(\S+)")


class Loaded(Protocol):
    """A middleware file that has been run."""

    @property
    def source(self) -> Source: ...

    def functions(self) -> Mapping[str, Function]: ...


@dataclass(frozen=True, slots=True)
class Middleware:
    """One middleware function."""

    name: str
    function: Function
    order: int
    is_global: bool
    """True when it runs for every route."""
    is_scoped: bool
    """True when routes may name it."""

    @property
    def body_parts(self) -> tuple[str, ...]:
        """What it may see of a request's body (`event_use`)."""
        return body_parts_seen(self.function)


def collect(programs: Iterable[tuple[Path, Loaded]]) -> list[Middleware]:
    """The middleware of the files, low order first."""
    found: list[Middleware] = []
    for path, program in programs:
        options = leading_options(program.source.text)
        order = options.get("order", "")
        for name, function in program.functions().items():
            if name.startswith("_"):
                continue
            found.append(
                Middleware(
                    name,
                    function,
                    int(order) if order.lstrip("-").isdigit() else DEFAULT_ORDER,
                    is_global=options.get("scope_only") != "true",
                    is_scoped=options.get("global_only") != "true",
                )
            )
            found_file_name = path.stem
            if name != found_file_name and len(program.functions()) == 1:
                # A file with a single function is known by the file's name too.
                found[-1] = Middleware(
                    found_file_name,
                    function,
                    found[-1].order,
                    found[-1].is_global,
                    found[-1].is_scoped,
                )
    return sorted(found, key=lambda item: item.order)


def leading_options(text: str) -> dict[str, str]:
    """`order`, `global_only` and `scope_only` from the comments that begin a file."""
    options: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        if not line.lstrip().startswith(("#", "//")):
            break
        match = _COMMENT.match(line)
        if match is not None:
            options[match[1]] = match[2]
    return options


def chosen(available: Iterable[Middleware], names: Iterable[str]) -> list[Middleware]:
    """What runs for a route that names *names*: the global ones and those."""
    wanted = set(names)
    return [
        item for item in available if item.is_global or (item.is_scoped and item.name in wanted)
    ]


def around(
    machine: Machine, stages: list[Middleware], action: Callable[[Value], Value]
) -> Callable[[Value], Value]:
    """A callable of the request that runs the middleware and then the action."""
    if not stages:
        return action
    functions = [machine.callback(stage.function, 1) for stage in stages]

    def invoke(request: Value) -> Value:
        for function in functions:
            answer = function(request)
            if not isinstance(answer, dict):
                continue
            if answer.get("continue") is False:
                return answer.get("response")
            if isinstance(answer.get("request"), dict):
                request = answer["request"]
        return action(request)

    return invoke
