"""What could stand in a string at the prompt: keys, events, rooms, users, paths of the app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from soli_lang.tree import nodes

from ....core.actions import contract
from ....loading.app import App
from ....routing.routes import WEBSOCKET
from ....tools.editing import vocabulary
from ....tools.editing.cursor import Cursor, indexed
from ....tools.editing.library import Library
from ....tools.message_types import declared_events, payload_fields
from ..prompting import Tried

SENDING: Final = frozenset({"send", "ask", "send_json"})
"""Methods of a client whose Hash is what the app's handler reads."""
_SENT_KEYS: Final = ("event", "topic", "payload", "ref")
_ROOM_KEYS: Final = frozenset({"channel", "room", "topic", "join", "leave", "untrack"})
_USER_KEYS: Final = frozenset({"user_id", "user"})
_EVENT_KEYS: Final = frozenset({"event", "type", "action"})
_HTTP_WORDS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
MAX_ROOMS: Final = 1000
"""Rooms, users and clients that are looked at; of a server at work there may be many more."""


class Offer(NamedTuple):
    """One thing that could be written."""

    text: str
    about: str = ""
    """Some words beside it."""
    shown: str = ""
    """What the list has in place of the text."""


class StringOffers:
    """Offers for strings in one session."""

    def __init__(self, bench: Tried, library: Library) -> None:
        self._bench = bench
        self._library = library
        self._known: tuple[App, Read] | None = None

    def offers(self, cursor: Cursor) -> Iterator[Offer]:
        """What the string that the cursor is in could become."""
        before = cursor.type_before(1)
        stack = _open_brackets(cursor)
        if before == "LSQB":
            yield from self._contract_keys(indexed(cursor.tokens, len(cursor.tokens) - 1))
        elif before == "OP" and cursor.type_before(2) == "RSQB":
            yield from self._compared(str(cursor.value_before(3)))
        elif stack and cursor.tokens[stack[-1]].type == "LBRACE":
            yield from self._in_hash(cursor, stack, before)
        else:
            yield from self._argument(cursor)

    def _contract_keys(self, part: tuple[str, tuple[str, ...]] | None) -> Iterator[Offer]:
        if part is not None:
            known = vocabulary.keys_of(*part, self._programs())
            yield from (Offer(key, text) for key, text in known.items())

    def _programs(self) -> list[nodes.Program]:
        """Those of the app."""
        service = self._bench.service
        return [] if service is None else [one.node for one in service.app.programs.values()]

    def _compared(self, key: str) -> Iterator[Offer]:
        if key == "type":
            yield from (Offer(one, "event") for one in vocabulary.EVENT_TYPES)
        yield from self._of_kind(key, is_sent=True)

    # --- hashes ----------------------------------------------------------------------------------

    def _in_hash(self, cursor: Cursor, stack: list[int], before: str) -> Iterator[Offer]:
        is_sent = _is_sent(cursor, stack)
        if before in ("COLON", "FATARROW"):
            yield from self._of_kind(str(cursor.value_before(2)), is_sent=is_sent)
            return
        if before not in ("LBRACE", "COMMA"):
            return
        owner = cursor.key_before(stack[-1])
        if is_sent:
            yield from self._declared_fields(cursor, stack, owner)
            yield from self._sent_keys()
        elif owner is None and not _is_argument(cursor, stack[-1]):
            yield from (Offer(key, text) for key, text in vocabulary.ACTIONS.items())
        elif owner in vocabulary.PARTS:
            parts = contract.ACTIONS[owner].parts
            yield from (Offer(key, one.text) for key, one in parts.items())

    def _declared_fields(
        self, cursor: Cursor, stack: list[int], owner: str | None
    ) -> Iterator[Offer]:
        """Those of the message that is written: in its payload, or beside its event."""
        event = _event_of(cursor, stack[-2 if owner == "payload" else -1])
        if owner == "payload" or (owner is None and event is not None):
            for program in self._programs():
                for field, text in payload_fields(program, (), event).items():
                    yield Offer(field, text)

    def _sent_keys(self) -> Iterator[Offer]:
        read = self._read()
        for key in dict.fromkeys((*_SENT_KEYS, *read.keys)):
            yield Offer(key, "the app reads it" if key in read.keys else "")

    def _of_kind(self, key: str, *, is_sent: bool) -> Iterator[Offer]:
        """Values for a key, by what it is called."""
        if key in _ROOM_KEYS:
            yield from self.rooms()
        elif key in _USER_KEYS:
            yield from self.users()
        elif key in _EVENT_KEYS and is_sent:
            yield from (Offer(one, "the app knows it") for one in self._read().values)

    def _read(self) -> Read:
        service = self._bench.service
        if service is None:
            return Read((), ())
        if self._known is None or self._known[0] is not service.app:
            self._known = (service.app, what_is_read(service.app))
        return self._known[1]

    # --- arguments -------------------------------------------------------------------------------

    def _argument(self, cursor: Cursor) -> Iterator[Offer]:
        called = cursor.call()
        if called is None:
            return
        name, number = str(cursor.tokens[called[0]].value), called[1]
        if name == "ws_connect" and number == 0:
            yield from self._paths(lambda method: method == WEBSOCKET)
        elif name in _HTTP_WORDS and number == 0:
            yield from self._paths(lambda method: method == name.upper())
        elif name in ("ask", "receive_event") and number == 0:
            yield from (Offer(one, "the app knows it") for one in self._read().values)
        elif name == "as_user":
            yield from self.users()
        elif name.startswith("ws_"):
            yield from self._of_helper(name, number)

    def _of_helper(self, name: str, number: int) -> Iterator[Offer]:
        """By what the parameter of the helper is called."""
        entry = self._library.functions.get(name)
        parameters = entry.signature.strip("()").split(", ") if entry is not None else []
        parameter = (
            parameters[number].split(":")[0].split(" ")[0] if number < len(parameters) else ""
        )
        if parameter == "connection_id":
            yield from self._connections()
        else:
            yield from self._of_kind(parameter, is_sent=False)

    def _paths(self, is_wanted: Callable[[str], bool]) -> Iterator[Offer]:
        """Paths that lead somewhere: those of clients, and routes as far as they are fixed."""
        service = self._bench.service
        if service is None:
            return
        if is_wanted(WEBSOCKET):
            for one in self._conversations():
                yield Offer(one.visitor.path, "a client is there")
        for method, pattern, target in service.app.table:
            if is_wanted(method):
                fixed = pattern.split(":")[0].split("*")[0]
                yield Offer(fixed, target.handler.name, pattern)

    # --- what is there now -----------------------------------------------------------------------

    def _conversations(self) -> list[Any]:
        service = self._bench.service
        if service is None:
            return []
        return [*islice(service.live.conversations.values(), MAX_ROOMS)]

    def _connections(self) -> Iterator[Offer]:
        for one in self._conversations():
            yield Offer(one.id, self._bench.variable_of(one.id) or one.visitor.path)

    def rooms(self) -> Iterator[Offer]:
        """Rooms that somebody has joined, and channels in which somebody is tracked."""
        service = self._bench.service
        if service is None:
            return
        members: dict[str, int] = {}
        for one in self._conversations():
            for room in service.hub.rooms_of(one.id):
                members[room] = members.get(room, 0) + 1
        for room, count in members.items():
            yield Offer(room, f"{count} member{'s' * (count != 1)}")
        for channel in islice(service.hub.presence.roster, MAX_ROOMS):
            if channel not in members:
                yield Offer(channel, "users are tracked there")

    def users(self) -> Iterator[Offer]:
        """Users that are tracked anywhere."""
        service = self._bench.service
        if service is None:
            return
        for channel, attendance in islice(service.hub.presence.roster.items(), MAX_ROOMS):
            for user in islice(attendance.users, MAX_ROOMS):
                yield Offer(user, f"in {channel}")


class Read(NamedTuple):
    """What an app's code looks for in what clients send."""

    keys: tuple[str, ...]
    """Of hashes that it reads: `message["text"]`."""
    values: tuple[str, ...]
    """That it compares something with: `== "typing"`, the arms of a `match`."""


def what_is_read(app: App) -> Read:
    """From the text of its files."""
    keys: dict[str, None] = {}
    values: dict[str, None] = {}
    for program in app.programs.values():
        values.update(dict.fromkeys(declared_events(program.node)))
        for node in nodes.walk(program.node.body):
            if isinstance(node, nodes.Index | nodes.SafeIndex):
                _note(keys, node.index)
            elif isinstance(node, nodes.Binary) and node.operator == "==":
                _note(values, node.left)
                _note(values, node.right)
            elif isinstance(node, nodes.Arm | nodes.LiteralPattern):
                _note(values, node.pattern if isinstance(node, nodes.Arm) else node)
    known = {*vocabulary.EVENT, *vocabulary.REQUEST}
    return Read(
        tuple(key for key in keys if key not in known),
        tuple(one for one in values if one not in vocabulary.EVENT_TYPES and one),
    )


def _note(found: dict[str, None], node: Any) -> None:
    if isinstance(node, nodes.Literal | nodes.LiteralPattern) and isinstance(node.value, str):
        found[node.value] = None


def _open_brackets(cursor: Cursor) -> list[int]:
    """Indexes of the brackets that are open, the innermost last."""
    stack: list[int] = []
    for index, token in enumerate(cursor.tokens):
        if token.type in ("LPAR", "LSQB", "LBRACE", "INTERP"):
            stack.append(index)
        elif token.type in ("RPAR", "RSQB", "RBRACE", "INTERP_END") and stack:
            stack.pop()
    return stack


def _is_sent(cursor: Cursor, stack: list[int]) -> bool:
    """Whether the hash that is open is what a client sends."""
    call = next((one for one in reversed(stack) if cursor.tokens[one].type == "LPAR"), 0)
    return call > 0 and cursor.tokens[call - 1].value in SENDING


def _event_of(cursor: Cursor, brace: int) -> str | None:
    """The event of the message whose hash opens at *brace*, if it is written there."""
    tokens = cursor.tokens[brace:]
    for key, colon, event in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_pair = colon.type in ("COLON", "FATARROW") and event.type == "LITERAL"
        if is_pair and key.value == "event":
            return str(event.value)
    return None


def _is_argument(cursor: Cursor, brace: int) -> bool:
    """Whether the hash that opens at *brace* is an argument of a call, in parentheses."""
    return brace > 0 and cursor.tokens[brace - 1].type in ("LPAR", "COMMA")
