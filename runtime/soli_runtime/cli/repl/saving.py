"""`.save NAME`: what was tried becomes a spec that passes under `soli test` as it stands.

The inputs are played twice in an app that was just started: what differs between the two, or has
the form of an id or a time, is expected by a matcher only. Then the spec is run.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from soli_lang.base.records import Record, field
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tools.formatting import format_source
from soli_lang.tools.literals import string_literal
from soli_lang.tree.nodes import Assign, Expr, Member, Name, walk

from ...loading.project import MAIN_NAMES, Project
from .bench import BenchOptions
from .literals import literal, merged
from .playing import NO_DATA, Payload, Played, Seen, play

NAME = re.compile(r"[A-Za-z0-9][\w-]*\Z")
_RESPONSE = {"status", "body", "headers"}


class CannotSave(Exception):
    """No spec was written. The text says why."""


class Saved(Record, frozen=True):
    """A spec that was written, and passes."""

    path: Path
    expectations: int
    left_out: tuple[str, ...]
    """Inputs that a spec cannot hold."""
    command: str
    """How to run it."""


async def save(options: BenchOptions, name: str, inputs: list[tuple[str, bool]]) -> Saved:
    """Write the spec of *inputs*, each with whether it failed when it was tried.

    Raises CannotSave; InvalidApp and SoliError when the app's files cannot be loaded.
    """
    project, judge = options.project, options.judge
    if project is None or judge is None:
        raise CannotSave("there is no app here; start with: soli repl PATH")
    path = _path(project, name)
    only_here = [text for text, _ in inputs if _only_looks(text)]
    inputs = [one for one in inputs if one[0] not in only_here]
    texts = [text for text, _ in inputs]
    first, second = await play(options, texts), await play(options, texts)
    writing = _Writing([failed for _, failed in inputs])
    body = writing.body(first, second)
    if not writing.expectations:
        raise CannotSave("nothing was tried that could be expected; connect a client first")
    _write(path, _spec(project, name, body, path))
    why = await judge(path, project)
    if why:
        path.unlink()
        raise CannotSave(f"the app does not do the same every time: {why}; nothing was saved")
    own = () if _is_found(project) else (f"--app {project.main}",)
    command = " ".join(["soli test", *own, str(path)])
    left_out = [text for text in only_here if text.strip() != "_"] + writing.left_out
    return Saved(path, writing.expectations, tuple(left_out), command)


def _only_looks(text: str) -> bool:
    """Whether an input has `_`, which only the prompt has, or `inbox`, which takes nothing."""
    for node in walk(parse(Source("<repl>", text)).body):
        if isinstance(node, Name) and node.name == "_":
            return True
        if isinstance(node, Member) and node.name == "inbox":
            return True
    return False


def _path(project: Project, name: str) -> Path:
    if NAME.match(name) is None:
        raise CannotSave(".save NAME: letters, digits, '_' and '-', such as '.save greeting'")
    path = project.root / "tests" / f"{name.removesuffix('_spec')}_spec.soli"
    if path.exists():
        raise CannotSave(f"{path} exists already; choose another name")
    return path


def _is_found(project: Project) -> bool:
    """Whether `soli test` finds the app of a spec in its `tests` by itself."""
    return project.main is None or project.main.stem in MAIN_NAMES


def _spec(project: Project, name: str, body: str, path: Path) -> str:
    run = "" if _is_found(project) else f"#   soli test --app {project.main} {path}\n"
    text = f"""# Saved from the REPL. Rename what it tests, and keep of it what matters.
{run}describe({string_literal(name)}) do
test("does what was tried") do
{body}
end
end
"""
    return format_source(Source(str(path), text))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise CannotSave(f"{path} cannot be written: {error.strerror}") from None


class _Client(Record):
    """A client while its spec is written."""

    name: str | None = None
    waiting: list[Any] = field(default_factory=list)
    """Messages that were neither expected nor received so far."""
    to_take: int = 0
    """How many the inputs to come receive themselves."""
    is_open: bool = True


class _Writing:
    """Makes the body of a test."""

    def __init__(self, failed: list[bool]) -> None:
        self.expectations = 0
        self.left_out: list[str] = []
        self._failed = failed
        self._clients: dict[int, _Client] = {}
        self._lines: list[str] = []
        self._names = 0

    def body(self, first: list[Played], second: list[Played]) -> str:
        """The statements of the test."""
        for played in first:
            for number, seen in played.clients.items():
                self._clients.setdefault(number, _Client()).to_take += seen.taken
        for index, (one, other) in enumerate(zip(first, second, strict=True)):
            if (one.failure is None) != (other.failure is None):
                raise CannotSave(f"the app does not do the same every time: {one.text}")
            if one.failure is not None and not self._failed[index]:
                self.left_out.append(one.text)
                continue
            self._input(one, other)
            self._caused(one, other)
        self._end()
        return "\n".join(self._lines)

    def _input(self, one: Played, other: Played) -> None:
        text = one.text
        if one.failure is not None:
            self._failing(text, one.failure)
        elif one.made is not None and _is_expression(text):
            self._clients[one.made].name = name = self._new_name("client")
            self._lines.append(f"{name} = {text}")
        elif one.value is NO_DATA or one.value is None or not _is_expression(text):
            self._lines.append(text)
        elif isinstance(one.value, dict) and one.value.keys() == _RESPONSE:
            self._response(text, one.value, other.value)
        else:
            self._expect(text, merged(one.value, other.value))

    def _failing(self, text: str, message: str) -> None:
        name = self._new_name("failure")
        self._lines += [f"{name} = null", "try", text, "catch e", f"{name} = e.message", "end"]
        self._expect(name, message)

    def _response(self, text: str, one: Any, other: Any) -> None:
        name = self._new_name("response")
        self._lines.append(f"{name} = {text}")
        self._expect(f"res_status({name})", one["status"])
        left, right = _decoded(one["body"]), _decoded(other["body"])
        how = "res_json" if isinstance(left, dict | list) else "res_body"
        self._expect(f"{how}({name})", merged(left, right))

    def _caused(self, one: Played, other: Played) -> None:
        for number, seen in one.clients.items():
            client = self._clients[number]
            if seen.name is not None or not seen.is_new:
                client.name = seen.name or (client.name if client.name else None)
            client.to_take -= seen.taken
            client.waiting += _messages(one.text, seen, other.clients.get(number))
            del client.waiting[: seen.taken]
            if client.to_take == 0:
                self._receive(client)
            client.is_open = seen.is_open
            if seen.closed is not None and client.name is not None:
                self._expect(f"{client.name}.wait_closed", seen.closed)

    def _receive(self, client: _Client) -> None:
        """Expect what waits; of a client without a name there is nobody to ask."""
        for message in client.waiting if client.name is not None else ():
            how = "receive_json" if isinstance(message, dict | list) else "receive"
            self._expect(f"{client.name}.{how}", message)
        client.waiting.clear()

    def _end(self) -> None:
        for client in self._clients.values():
            if client.is_open and client.name is not None:
                self._expect(f"{client.name}.messages", [])

    def _expect(self, text: str, value: Any) -> None:
        self.expectations += 1
        self._lines.append(f"expect({text}).to_equal({literal(value)})")

    def _new_name(self, word: str) -> str:
        self._names += 1
        return f"{word}{self._names}"


def _messages(text: str, seen: Seen, again: Seen | None) -> list[Any]:
    """The messages of one client, as both runs have them in common."""
    others = [] if again is None else again.messages
    if len(others) != len(seen.messages):
        raise CannotSave(f"the app does not send the same every time: {text}")
    pairs = zip(seen.messages, others, strict=True)
    return [merged(_decoded(one), _decoded(other)) for one, other in pairs]


def _decoded(payload: Payload) -> Any:
    """A JSON Hash or Array as data; other messages as they are."""
    if isinstance(payload, bytes):
        return None
    try:
        value = json.loads(payload)
    except ValueError:
        return payload
    return value if isinstance(value, dict | list) else payload


def _is_expression(text: str) -> bool:
    statements = parse(Source("<repl>", text)).body.statements
    return len(statements) == 1 and isinstance(statements[0], Expr) and not _assigns(statements[0])


def _assigns(statement: Any) -> bool:
    return isinstance(statement, Assign) or "Assign" in type(statement).__name__
