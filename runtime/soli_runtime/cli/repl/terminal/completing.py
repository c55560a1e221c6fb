"""What the prompt offers on Tab: names, methods by the value's type, keys, paths, commands.

What stands in strings is for `strings`. Nothing is evaluated to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from soli_lang.machine.machine import Machine
from soli_lang.values.objects import Instance, SoliClass
from soli_lang.values.values import Function, Value

from ....tools.editing.cursor import Cursor
from ....tools.editing.library import Library
from ..asking import type_title
from ..prompting import Tried
from .strings import Offer, StringOffers

MAX_OFFERED = 200
MAX_LOOKED_AT = 300
"""Characters before the cursor that matter."""

MAX_SCANNED = 20_000
"""Characters of an input that are taken apart to see what string the cursor is in."""

_COMMAND = re.compile(r"\A\.[a-z_]*\Z")
_ARGUMENT = re.compile(r"\A\.([a-z_]+) +(\S*)\Z")
_DOC = re.compile(r"\A(?:doc|help) +(?:([\w]+)\.)?([\w?!]*)\Z")
_STEPS = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\]|\[\"[^\"]*\"\])*"
_KEY = re.compile(rf"({_STEPS})\[(\"[^\"]*)\Z")
_MEMBER = re.compile(rf"({_STEPS})(?:&?\.)([A-Za-z_]\w*[?!]?)?\Z")
_LITERAL = re.compile(r"(\"(?:[^\"\\\\]|\\\\.)*\"|\])\.([A-Za-z_]\w*)?\Z")
_PATH = re.compile(r"\"((?:\.{0,2}/|[\w.-]+/)[^\"]*)\Z")
_NAME = re.compile(r"[A-Za-z_][\w]*[?!]?\Z")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]|\[\"([^\"]*)\"\]")
_TIME_WORDS = ("freeze", "travel", "run")


class SoliCompleter(Completer):
    """Completions for what stands before the cursor. Evaluates nothing."""

    def __init__(self, bench: Tried) -> None:
        self._bench = bench
        self._library = Library()
        self._strings = StringOffers(bench, self._library)

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        """What could stand there."""
        before, found = self.offered(document.text_before_cursor)
        fitting = {one.text: one for one in found if one.text.startswith(before)}
        for text in sorted(fitting)[:MAX_OFFERED]:
            one = fitting[text]
            about = one.about or self._about(document.text_before_cursor, before, text)
            yield Completion(
                text,
                start_position=-len(before),
                display=one.shown or None,
                display_meta=about.split("\n")[0] or None,
            )

    def offered(self, whole: str) -> tuple[str, Iterable[Offer]]:
        """The beginning of a word at the end of *whole*, and words that it may become."""
        text = whole[-MAX_LOOKED_AT:]
        if _COMMAND.match(text):
            from ..commands import COMMANDS

            return text, [Offer("." + name, one.help) for name, one in COMMANDS.items()]
        if (argument := _ARGUMENT.match(text)) is not None:
            return argument[2], self._arguments(argument[1])
        if (doc := _DOC.match(text)) is not None:
            return doc[2], self._documented(doc[1])
        if (key := _KEY.search(text)) is not None and (keys := self._keys(key[1])):
            return key[2], keys
        string = _open_string(whole)
        if string is not None:
            return self._in_string(string, text)
        if (literal := _LITERAL.search(text)) is not None:
            return literal[2] or "", self._methods("" if literal[1] != "]" else [])
        if (member := _MEMBER.search(text)) is not None:
            value, is_known = self._value(member[1])
            return member[2] or "", self._methods(value) if is_known else ()
        name = _NAME.search(text)
        return (name[0], self._names()) if name is not None else ("", self._names())

    # --- commands --------------------------------------------------------------------------------

    def _arguments(self, command: str) -> Iterable[Offer]:
        """What stands behind `.presence `, `.use ` and `.time `."""
        service = self._bench.service
        if command == "presence":
            return self._strings.rooms()
        if command == "use" and service is not None:
            return [Offer(name, "controller") for name in service.app.project.controllers]
        return [Offer(word) for word in _TIME_WORDS] if command == "time" else ()

    def _documented(self, owner: str | None) -> Iterable[Offer]:
        """What `doc` and `help` know: all builtins, or the members of a type or variable."""
        if owner is None:
            words = [*self._library.functions, *self._library.classes, *self._bench.variables()]
            return [Offer(word) for word in words if not word.endswith(")")]
        value, is_known = self._value(owner)
        title = type_title(value) if is_known and not isinstance(value, SoliClass) else owner
        return [Offer(name, one.heading) for name, one in self._library.members(title).items()]

    # --- strings ---------------------------------------------------------------------------------

    def _in_string(self, cursor: Cursor, text: str) -> tuple[str, Iterable[Offer]]:
        begun = cursor.string or ""
        found = [*self._strings.offers(cursor)]
        if not any(one.text.startswith(begun) for one in found):
            path = _PATH.search(text)
            return (path[1], [Offer(one) for one in paths(path[1])]) if path else (begun, ())
        return begun, found

    def _keys(self, name: str) -> list[Offer]:
        value, _ = self._value(name)
        if not isinstance(value, dict):
            return []
        return [Offer(f'"{key}"]', _brief(item)) for key, item in value.items() if _is_plain(key)]

    # --- names -----------------------------------------------------------------------------------

    def _names(self) -> Iterator[Offer]:
        from soli_lang.syntax.scanner.tokens import KEYWORDS

        for name in (*self._machine.globals, *KEYWORDS, "doc", "help"):
            if not name.startswith("__"):
                yield Offer(name)
        names = self._bench.names
        for name in () if names is None else names.names:
            yield Offer(name, _brief(names.value(name)) if names is not None else "")
        for name, value in self._bench.variables().items():
            yield Offer(name, _brief(value))

    def _about(self, text: str, before: str, name: str) -> str:
        """Some words beside a name, which are looked up only for what is shown."""
        left = text[: len(text) - len(before)]
        if left.endswith("."):
            value, is_known = self._value_before(left)
            entry = self._library.members(type_title(value)).get(name) if is_known else None
            return entry.heading if entry is not None else ""
        entry = self._library.functions.get(name)
        return entry.heading if entry is not None else ""

    def _value_before(self, left: str) -> tuple[Value, bool]:
        found = _MEMBER.search(left[-MAX_LOOKED_AT:])
        return self._value(found[1]) if found is not None else ("", left.endswith('".'))

    @property
    def _machine(self) -> Machine:
        return self._bench.machine

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

    def _methods(self, value: Value) -> list[Offer]:
        machine = self._machine
        if isinstance(value, SoliClass):
            return [*(Offer(name) for one in value.ancestors for name in one.statics), Offer("new")]
        found = [
            Offer(name)
            for name, table in machine.methods.items()
            if table.get(value.__class__) is not None
        ]
        if isinstance(value, Instance):
            found += [
                Offer(name, f"of {one.name}")
                for one in value.soli_class.ancestors
                for name in one.methods
            ]
            found += [Offer(name, _brief(item)) for name, item in value.fields.items()]
        elif isinstance(value, dict):
            found += [
                Offer(key, _brief(item))
                for key, item in value.items()
                if isinstance(key, str) and key.isidentifier()
            ]
        return [one for one in found if not one.text.startswith("_")]


def _open_string(text: str) -> Cursor | None:
    """What stands before the cursor, if that is in a string."""
    if len(text) > MAX_SCANNED or not ("'" in text or '"' in text):
        return None
    cursor = Cursor(text, len(text))
    return cursor if cursor.string is not None else None


def _brief(value: Value) -> str:
    """What a value is, in a word or two."""
    if isinstance(value, Function):
        return f"{value.name}({', '.join(one.name for one in value.node.params)})"
    if isinstance(value, SoliClass):
        return "class"
    if isinstance(value, Instance):
        return value.soli_class.name
    return type_title(value)


def _is_plain(key: Any) -> bool:
    """Whether a key can be written as a String without escapes."""
    return isinstance(key, str) and '"' not in key and "\\" not in key and key.isprintable()


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


def paths(begun: str) -> list[str]:
    """Files that begin so."""
    folder, _, start = begun.rpartition("/")
    found = []
    try:
        for path in sorted(Path(folder or "/").iterdir())[:MAX_OFFERED]:
            if path.name.startswith(start) and (start or not path.name.startswith(".")):
                found.append(f"{folder}/{path.name}" + ("/" if path.is_dir() else ""))
    except OSError:
        pass
    return found
