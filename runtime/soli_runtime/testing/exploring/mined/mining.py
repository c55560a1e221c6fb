"""What clients of an app may say: words, keys and shapes that its files and its specs have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from soli_lang.base.errors import SoliError
from soli_lang.base.records import Record, field
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes
from soli_lang.tree.node_type import walk

from ....loading.app import App
from ....loading.project import Project
from ....routing.routes import WEBSOCKET
from ...discovery import find_specs
from .holes import HOLE, KINDS_OF, Hole

EVENT_PARTS = frozenset(
    "type message params query headers connection_id binary code reason room_state resume"
    " protocol".split()
)
KEYS, WAITS, KEEPS = "keys", "waits", "keeps"
MOST_WORDS = 60
MOST_CHARACTERS = 40
SENDING = frozenset({"send", "ask"})


class Mined(Record):
    """All of it, in the order in which it is written."""

    routes: list[str]
    """Patterns of WebSocket routes."""
    targets: list[Any] = field(default_factory=list)
    """What specs connect to: texts with holes."""
    queries: dict[str, None] = field(default_factory=dict)
    headers: dict[str, list[Any]] = field(default_factory=dict)
    """Headers that programs read, each with the values that specs send."""
    keys: dict[str, list[Any]] = field(default_factory=dict)
    """Keys that programs read, each with the values that it is compared with."""
    words: dict[Any, None] = field(default_factory=dict)
    texts: dict[str, None] = field(default_factory=dict)
    """Whole messages that the program knows."""
    messages: list[Any] = field(default_factory=list)
    """What specs send, and what the program declares: data with holes."""
    sessions: list[dict[str, Any]] = field(default_factory=list)
    session_keys: dict[str, None] = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)
    """`KEYS`: the program uses `KV`; `WAITS`: it sleeps; `KEEPS`: rooms keep what is said."""


def mined(project: Project, app: App) -> Mined:
    """What is to be found in *app* and its specs."""
    found = Mined([pattern for method, pattern, _ in app.table if method == WEBSOCKET])
    for program in app.programs.values():
        _Miner(found, is_spec=False).mine(program.node)
    for path in spec_files(project):
        spec = _parsed(path)
        if spec is not None:
            _Miner(found, is_spec=True).mine(spec)
    if found.session_keys and not found.sessions:
        found.sessions.append(dict.fromkeys(found.session_keys, HOLE))
    return found


def spec_files(project: Project) -> list[Path]:
    """The spec files of an app, but those that exploring wrote."""
    folders = [project.root / name for name in ("tests", "spec", "test")]
    found = find_specs([folder for folder in folders if folder.is_dir()])
    return [path for path in found if not path.name.startswith("explore_")]


def _parsed(path: Path) -> nodes.Program | None:
    try:
        return parse(Source(str(path), path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, SoliError):
        return None


class _Miner:
    def __init__(self, found: Mined, *, is_spec: bool) -> None:
        self._found = found
        self._is_spec = is_spec

    def mine(self, program: nodes.Program) -> None:
        """Look at all of it, in the order of its text."""
        every = sorted(walk(program.body), key=lambda node: node.span.start)
        for node in every:
            look = _LOOKS.get(node.__class__)
            if look is not None:
                look(self, node)

    def literal(self, node: nodes.Literal) -> None:
        """A word, if it is short."""
        value, words = node.value, self._found.words
        if self._is_spec or len(words) >= MOST_WORDS:
            return
        is_word = isinstance(value, str) and value.isprintable() and value not in EVENT_PARTS
        is_word = is_word and "/" not in value and "#" not in value
        if type(value) is int or (is_word and 0 < len(value) <= MOST_CHARACTERS):
            words.setdefault(value)

    def index(self, node: Any) -> None:
        """A key that the program reads."""
        key = _text(node.index)
        if key is None or self._is_spec:
            return
        part = _text(node.object.index) if isinstance(node.object, _INDEXES) else None
        if part in ("query", "headers"):
            if part == "query":
                self._found.queries.setdefault(key)
            else:
                self._found.headers.setdefault(key.lower(), [])
        elif part != "params" and key not in EVENT_PARTS:
            self._found.keys.setdefault(key, [])

    def binary(self, node: nodes.Binary) -> None:
        """A value that a key is compared with."""
        if node.operator not in ("==", "!=", "<", ">", "<=", ">="):
            return
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(one, _INDEXES) and isinstance(other, nodes.Literal):
                self._compared(one, other.value)

    def match(self, node: nodes.Match) -> None:
        """The same, arm by arm."""
        if isinstance(node.subject, _INDEXES):
            for arm in node.arms:
                if isinstance(arm.pattern, nodes.LiteralPattern):
                    self._compared(node.subject, arm.pattern.value)

    def _compared(self, index: Any, value: Any) -> None:
        key = _text(index.index)
        if key == "message" and isinstance(value, str) and not self._is_spec:
            self._found.texts.setdefault(value)
        if key is None or key in EVENT_PARTS or self._is_spec:
            return
        values = self._found.keys.setdefault(key, [])
        if value not in values and isinstance(value, str | int | float | bool):
            values.append(value)

    def call(self, node: nodes.Call) -> None:
        """What specs connect to, send, and sign in as; what the program declares."""
        name = _name(node.callee)
        arguments = [argument.value for argument in node.arguments]
        if self._is_spec and arguments:
            self._asked(name, arguments)
        if name == "session_get" and not self._is_spec and arguments:
            self._session_key(_text(arguments[0]))
        if name == "ws_message" and len(arguments) == 2:
            payload = _declared(shape(arguments[1]))
            self._found.messages.append({"event": shape(arguments[0]), "payload": payload})
        elif name in ("ws_keep_history", "ws_keep_state"):
            self._found.traits.add(KEEPS)
        elif name == "sleep":
            self._found.traits.add(WAITS)

    def _session_key(self, key: str | None) -> None:
        """The program reads it: without specs that sign in, sessions have all such keys."""
        if key is not None:
            self._found.session_keys.setdefault(key)

    def _asked(self, name: str | None, arguments: list[Any]) -> None:
        first = shape(arguments[0])
        if name == "ws_connect":
            self._found.targets.append(first)
            options = shape(arguments[1]) if len(arguments) > 1 else None
            headers = options.get("headers") if isinstance(options, dict) else None
            for header, value in headers.items() if isinstance(headers, dict) else ():
                self._header(header, value)
        elif name in SENDING:
            self._sent(name, arguments)
        elif name in ("with_token", "set_authorization"):
            self._header("authorization", ("Bearer ", *_parts(first)))
        elif name in ("as_user", "with_session"):
            session = first if isinstance(first, dict) else {"user_id": first}
            if session not in self._found.sessions:
                self._found.sessions.append(session)

    def _header(self, name: str, value: Any) -> None:
        values = self._found.headers.setdefault(name.lower(), [])
        if value not in values:
            values.append(value)

    def _sent(self, name: str | None, arguments: list[Any]) -> None:
        data = shape(arguments[0])
        if name == "ask":
            payload = shape(arguments[1]) if len(arguments) > 1 else {}
            data = {"event": data, "payload": payload, "ref": "1"}
        if data not in self._found.messages:
            self._found.messages.append(data)

    def word(self, node: nodes.Name) -> None:
        """A name that tells what the program needs."""
        if node.name == "KV" and not self._is_spec:
            self._found.traits.add(KEYS)


_INDEXES = (nodes.Index, nodes.SafeIndex)
_LOOKS: dict[type, Any] = {
    nodes.Literal: _Miner.literal,
    nodes.Index: _Miner.index,
    nodes.SafeIndex: _Miner.index,
    nodes.Binary: _Miner.binary,
    nodes.Match: _Miner.match,
    nodes.Call: _Miner.call,
    nodes.Name: _Miner.word,
}


def _text(node: Any) -> str | None:
    return node.value if isinstance(node, nodes.Literal) and isinstance(node.value, str) else None


def _name(callee: Any) -> str | None:
    return callee.name if isinstance(callee, nodes.Name | nodes.Member) else None


def shape(node: Any) -> Any:
    """A literal as data; a `Hole` for what is computed, a tuple of parts for a text with such."""
    if isinstance(node, nodes.Literal):
        plain = isinstance(node.value, str | int | float | bool) or node.value is None
        return node.value if plain else HOLE
    if isinstance(node, nodes.Interpolation):
        return tuple(part if isinstance(part, str) else HOLE for part in node.parts)
    if isinstance(node, nodes.HashLiteral):
        pairs = ((_text(key), value) for key, value in node.pairs)
        return {key: shape(value) for key, value in pairs if key is not None}
    if isinstance(node, nodes.ArrayLiteral):
        return [shape(item) for item in node.items if not isinstance(item, nodes.Spread)]
    if isinstance(node, nodes.Name) and node.name in KINDS_OF:
        return KINDS_OF[node.name]
    if isinstance(node, nodes.Binary) and node.operator == "+":
        return (*_parts(shape(node.left)), *_parts(shape(node.right)))
    return HOLE


def _parts(made: Any) -> tuple[Any, ...]:
    return made if isinstance(made, tuple) else (made if isinstance(made, str) else HOLE,)


def _declared(made: Any) -> Any:
    """What a declaration of a message describes; names of keys may say that they are optional."""
    if isinstance(made, dict):
        return {key.rstrip("?"): _declared(value) for key, value in made.items()}
    return made


def holes(made: Any) -> Iterator[Hole]:
    """The holes in a shape."""
    if isinstance(made, Hole):
        yield made
    elif isinstance(made, dict):
        for value in made.values():
            yield from holes(value)
    elif isinstance(made, list | tuple):
        for value in made:
            yield from holes(value)
