"""What the prompt offers on Tab: names, methods by the value's type, hash keys, paths, commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from soli_lang.machine.machine import Machine
from soli_lang.values.objects import Instance, SoliClass
from soli_lang.values.values import Value

from .prompting import Tried

MAX_OFFERED = 200
MAX_LOOKED_AT = 300
"""Characters before the cursor that matter."""

_COMMAND = re.compile(r"\A\.[a-z_]*\Z")
_DOC = re.compile(r"\Adoc +([\w.?!]*)\Z")
_KEY = re.compile(r"([A-Za-z_]\w*)\[(\"[^\"]*)\Z")
_MEMBER = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\]|\[\"[^\"]*\"\])*)\.([A-Za-z_]\w*)?\Z")
_LITERAL = re.compile(r"(\"(?:[^\"\\\\]|\\\\.)*\"|\])\.([A-Za-z_]\w*)?\Z")
_PATH = re.compile(r"\"((?:\.{0,2}/|[\w.-]+/)[^\"]*)\Z")
_NAME = re.compile(r"[A-Za-z_][\w]*[?!]?\Z")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]|\[\"([^\"]*)\"\]")


class SoliCompleter(Completer):
    """Completions for what stands before the cursor. Evaluates nothing."""

    def __init__(self, bench: Tried) -> None:
        self._bench = bench

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        """What could stand there."""
        before, found = self.offered(document.text_before_cursor)
        fitting = {text for text in found if text.startswith(before)}
        for text in sorted(fitting)[:MAX_OFFERED]:
            yield Completion(text, start_position=-len(before))

    def offered(self, text: str) -> tuple[str, Iterable[str]]:
        """The beginning of a word at the end of *text*, and words that it may become."""
        text = text[-MAX_LOOKED_AT:]
        if _COMMAND.match(text):
            from .commands import COMMANDS

            return text, ["." + name for name in COMMANDS]
        doc = _DOC.match(text)
        if doc is not None:
            return doc[1], self._names()
        if (key := _KEY.search(text)) is not None:
            return key[2], self._keys(key[1])
        if (path := _PATH.search(text)) is not None:
            return path[1], paths(path[1], self._routes())
        if (literal := _LITERAL.search(text)) is not None:
            return literal[2] or "", self._methods("" if literal[1] != "]" else [])
        if (member := _MEMBER.search(text)) is not None:
            value, is_known = self._value(member[1])
            return member[2] or "", self._methods(value) if is_known else ()
        name = _NAME.search(text)
        return (name[0], self._names()) if name is not None else ("", self._names())

    def _names(self) -> list[str]:
        from soli_lang.syntax.scanner.tokens import KEYWORDS

        names = [*self._machine.globals, *self._bench.variables(), *KEYWORDS]
        if self._bench.names is not None:
            names += self._bench.names.names
        return [name for name in names if not name.startswith("__")]

    @property
    def _machine(self) -> Machine:
        return self._bench.machine

    def _keys(self, name: str) -> list[str]:
        value, _ = self._value(name)
        if not isinstance(value, dict):
            return []
        return [f'"{key}"]' for key in value if isinstance(key, str)]

    def _routes(self) -> list[str]:
        service = self._bench.service
        return [] if service is None else [pattern for _, pattern, _ in service.app.table]

    def _value(self, path: str) -> tuple[Value, bool]:
        """What a chain of names and indexes stands for, and whether that is known."""
        first = re.match(r"\w+", path)
        assert first is not None
        value, is_known = self._variable(first[0])
        for step in _STEP.finditer(path, first.end()):
            if not is_known:
                break
            value, is_known = _follow(value, step)
        return value, is_known

    def _variable(self, name: str) -> tuple[Value, bool]:
        own = self._bench.variables()
        if name in own:
            return own[name], True
        names = self._bench.names
        if names is not None and name in names.names:
            return names.value(name), True
        return self._machine.globals.get(name), name in self._machine.globals

    def _methods(self, value: Value) -> list[str]:
        machine = self._machine
        if isinstance(value, SoliClass):
            return [*(name for one in value.ancestors for name in one.statics), "new"]
        found = [
            name
            for name, table in machine.methods.items()
            if table.get(value.__class__) is not None
        ]
        if isinstance(value, Instance):
            found += [name for one in value.soli_class.ancestors for name in one.methods]
            found += value.fields
        elif isinstance(value, dict):
            found += [key for key in value if isinstance(key, str) and key.isidentifier()]
        return [name for name in found if not name.startswith("_")]


def _follow(value: Value, step: re.Match[str]) -> tuple[Value, bool]:
    name, index, key = step.groups()
    if name is not None:
        fields: Any = value.fields if isinstance(value, Instance) else value
        return (
            (fields[name], True) if isinstance(fields, dict) and name in fields else (None, False)
        )
    if index is not None:
        place = int(index)
        known = isinstance(value, list) and place < len(value)
        return (value[place], True) if known else (None, False)
    known = isinstance(value, dict) and key in value
    return (value[key], True) if known else (None, False)


def paths(begun: str, routes: Iterable[str]) -> list[str]:
    """Files, and routes of the app, that begin so."""
    folder, _, start = begun.rpartition("/")
    found = [route for route in routes if route.startswith(begun)]
    if begun.startswith("/") and found:
        return found
    try:
        for path in sorted(Path(folder or "/").iterdir())[:MAX_OFFERED]:
            if path.name.startswith(start) and (start or not path.name.startswith(".")):
                found.append(f"{folder}/{path.name}" + ("/" if path.is_dir() else ""))
    except OSError:
        pass
    return found
