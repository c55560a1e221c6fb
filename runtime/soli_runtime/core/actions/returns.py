"""The Hash that a handler returns, as typed actions (docs/spec §W4).

`parse` is all or nothing: it raises `ActionError` before anything was applied. Actions come out
in the fixed order of §W4, whatever the order of the keys. Past this module nothing of the core
sees a Soli Hash; what programs call `channel` is called room from here on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from soli_lang.base.errors import SoliError
from soli_lang.values.values import Symbol

from ..effects import Framed, FramedBytes, Payload, RoomName
from ..history.rules import MAX_MESSAGES
from ..payloads import (
    EncodeJson,
    cut_reason,
    holds_unseen,
    is_close_code,
    room_name_fault,
    type_word,
    volatile_key,
)
from ..state.changes import USERS, Kind, step_of
from ..state.incoming import BOUNDS, Bounds
from ..state.values import StateRefused
from ..wire import DEFAULT_STATE, body_size
from .kinds import (
    Action,
    ActionError,
    Broadcast,
    BroadcastChannel,
    BroadcastRoom,
    ChangeState,
    CloseConnection,
    Join,
    Leave,
    Recall,
    Reply,
    Replying,
    ReplyToRequest,
    SetPresence,
    Track,
    Unknown,
    Untrack,
    Volatile,
    WithOptions,
)

MAX_USER_ID_CHARACTERS = 255

REFUSED_USER_IDS = frozenset(
    "__proto__ constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString"
    " toString valueOf __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__".split()
)
"""What every JavaScript object has (ECMA-262, Object.prototype): clients keep users as properties
(§W5), and take one of these for somebody who is there."""

REFUSED_META_KEYS = ("__proto__", "constructor", "prototype")
"""Keys by which a client that merges metadata would change what all its objects share."""

RESERVED_META_KEYS = ("channel", "user_id", "phx_ref", "state")
"""Keys of a `track` or `set_presence` hash that are not the application's metadata (§W5)."""


NOTHING: tuple[Action, ...] = ()


def parse(
    result: Any,
    encode_json: EncodeJson,
    max_presence_bytes: int = 0,
    state_bounds: Bounds = BOUNDS,
) -> Sequence[Action]:
    """The actions in a handler's *result*, in the order in which they are applied.

    *max_presence_bytes* limits the metadata of one `track` (0: no limit), *state_bounds* what is
    said of a room's state. Raises `ActionError`.
    """
    if type(result) is not dict:
        raise ActionError(None, f"a handler returns a Hash, got {type_word(result)}", hint=_HINT)
    if not result:
        return NOTHING
    if len(result) == 1:
        # The shape of nearly every return: one key, no ordering to do.
        ((key, value),) = result.items()
        plain = _PLAIN.get(key)
        if plain is not None and type(value) is str:
            return (plain(value),)
        parse_value = _PARSERS.get(key)
        if parse_value is None:
            return (_unknown(key),)
        _check_together(result)
        action = parse_value(_Parser(encode_json, max_presence_bytes, state_bounds), value)
        return Replying((action,)) if key in _REPLIES else (action,)
    _check_together(result)
    parser = _Parser(encode_json, max_presence_bytes, state_bounds)
    found: list[Action] = [
        parse_value(parser, result[key]) for key, parse_value in _PARSERS.items() if key in result
    ]
    if len(found) < len(result):
        found.extend(_unknown(key) for key in result if key not in _PARSERS)
    if "volatile" in result:
        found = _volatile(found)
    return found if _REPLIES.isdisjoint(result) else Replying(found)


def _volatile(found: list[Action]) -> list[Action]:
    """*found*, with what its `Volatile` says of the sends among them."""
    key = next(action.key for action in found if type(action) is Volatile)
    if key is None:
        return found
    return [_made_volatile(action, key) for action in found]


def _made_volatile(action: Action, key: str) -> Action:
    if isinstance(action, WithOptions):
        return WithOptions(action.action, action.to_others, key)
    if isinstance(action, Reply | BroadcastRoom | BroadcastChannel | Broadcast):
        return WithOptions(action, to_others=False, key=key)
    return action


def _check_together(result: dict[Any, Any]) -> None:
    if "history" in result and "join" not in result:
        raise ActionError(
            "history", "history: 'join' is missing; it says what a client that joins receives"
        )


def reply_of(result: Any) -> Payload | None:
    """The payload when *result* is exactly `{"send": String or Bytes}`, else None.

    A shortcut for the hottest path: `parse` and `Hub.apply` would give one `Send` of it to the
    connection itself.
    """
    if type(result) is dict and len(result) == 1:
        payload = result.get("send")
        kind = type(payload)
        if kind is str or kind is bytes:
            return payload
    return None


_HINT = 'return { "send": text } to answer, or {} to do nothing'


class _Parser:
    """What the parsers of single values share: how to encode, and the limits."""

    __slots__ = ("_encode_json", "_max_presence_bytes", "_state_bounds")

    def __init__(
        self, encode_json: EncodeJson, max_presence_bytes: int, state_bounds: Bounds
    ) -> None:
        self._encode_json = encode_json
        self._max_presence_bytes = max_presence_bytes
        self._state_bounds = state_bounds

    def payload(self, key: str, value: Any) -> Payload:
        kind = type(value)
        if kind is str or kind is bytes or kind is Framed or kind is FramedBytes:
            return value  # type: ignore[no-any-return]
        return self.json(key, value)

    def json(self, key: str, value: Any) -> str:
        """*value* as JSON, a String too."""
        try:
            return self._encode_json(value)
        except (SoliError, TypeError, ValueError) as error:
            raise ActionError(key, f"{key}: cannot be sent as JSON: {error}") from error

    def metadata(self, key: str, hash_: dict[Any, Any]) -> dict[str, Any]:
        """The application's keys as clients will see them, detached from the program's values."""
        own = {name: value for name, value in hash_.items() if name not in RESERVED_META_KEYS}
        if not own:
            return own
        # Through JSON and back: Decimal, Symbol and instances become what clients get, later
        # mutations by the program are not seen, and a Symbol key cannot smuggle in a phx_ref.
        try:
            text = self._encode_json(own)
            fields: dict[str, Any] = json.loads(text)
        except (SoliError, TypeError, ValueError) as error:
            raise ActionError(key, f"{key}: metadata has no JSON form: {error}") from error
        for name in REFUSED_META_KEYS:
            if name in text and _has_key(fields, name):
                raise ActionError(key, f"{key}: '{name}' cannot be a key of metadata")
        for reserved in RESERVED_META_KEYS:
            fields.pop(reserved, None)
        return fields

    def change(self, kind: Kind, value: Any) -> ChangeState:
        """One step of a change of the room's state."""
        key = USERS[kind]
        try:
            return ChangeState(step_of(kind, value, key, self._encode_json, self._state_bounds))
        except StateRefused as error:
            raise ActionError(key, error.message) from None

    def check_size(self, key: str, state: str | None, fields: dict[str, Any]) -> None:
        limit = self._max_presence_bytes
        if limit and (size := body_size(DEFAULT_STATE if state is None else state, fields)) > limit:
            raise presence_too_large(key, size, limit)


def _has_key(fields: dict[str, Any], name: str) -> bool:
    """Whether an object in *fields*, at any depth, has a key *name*."""
    waiting: list[Any] = [fields]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if name in item:
                return True
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def presence_too_large(key: str, size: int, limit: int) -> ActionError:
    """The error for metadata past the bound."""
    return ActionError(key, f"{key}: metadata of {size} bytes, at most {limit} are allowed")


def _wrong(key: str, path: str, expected: str, value: Any) -> ActionError:
    return ActionError(key, f"{path}: expected {expected}, got {type_word(value)}")


def _room(key: str, path: str, value: Any) -> RoomName:
    if type(value) is not str:
        raise _wrong(key, path, "a String", value)
    fault = room_name_fault(value)
    if fault is not None:
        raise ActionError(key, f"{path}: {fault}")
    return value


def _rooms(key: str, value: Any) -> tuple[RoomName, ...]:
    if type(value) is str:
        return (_room(key, key, value),)
    if type(value) is not list:
        raise _wrong(key, key, "a String or an Array of Strings", value)
    return tuple(_room(key, f"{key}[{index}]", name) for index, name in enumerate(value))


def _hash(key: str, expected: str, value: Any) -> dict[Any, Any]:
    if type(value) is not dict:
        raise _wrong(key, key, expected, value)
    return value


def _required(key: str, name: str, hash_: dict[Any, Any], expected: str) -> Any:
    if name not in hash_:
        raise ActionError(key, f"{key}: '{name}' is missing, expected {expected}")
    return hash_[name]


def _user_key(key: str, hash_: dict[Any, Any]) -> str:
    expected = "a non-empty String or an Int"
    user_id = _required(key, "user_id", hash_, expected)
    if type(user_id) is int:
        return str(user_id)
    if type(user_id) is not str:
        raise _wrong(key, f"{key}.user_id", expected, user_id)
    if not user_id:
        raise ActionError(key, f"{key}.user_id: expected {expected}, got an empty String")
    if user_id in REFUSED_USER_IDS:
        raise ActionError(key, f"{key}.user_id: '{user_id}' cannot be the id of a user")
    if holds_unseen(user_id):
        raise ActionError(key, f"{key}.user_id: an id has no control or invisible characters")
    if len(user_id) > MAX_USER_ID_CHARACTERS:
        raise ActionError(
            key,
            f"{key}.user_id: at most {MAX_USER_ID_CHARACTERS} characters, got {len(user_id)}",
        )
    return user_id


def _state(key: str, hash_: dict[Any, Any]) -> str | None:
    if "state" not in hash_:
        return None
    state = hash_["state"]
    if type(state) is not str:
        raise _wrong(key, f"{key}.state", "a String", state)
    return state


def _parse_recall(parser: _Parser, value: Any) -> Recall:
    expected = f"a whole number from 0 to {MAX_MESSAGES}"
    if type(value) is not int:
        raise _wrong("history", "history", expected, value)
    if not 0 <= value <= MAX_MESSAGES:
        raise ActionError("history", f"history: expected {expected}, got {value}")
    return Recall(value)


def _parse_volatile(parser: _Parser, value: Any) -> Volatile:
    try:
        return Volatile(volatile_key(value))
    except ValueError as error:
        raise ActionError("volatile", f"volatile: {error}") from None


def _parse_reply(parser: _Parser, key: str, status: str, value: Any) -> ReplyToRequest:
    return ReplyToRequest(status, parser.json(key, value))


def _parse_others(parser: _Parser, key: str, value: Any) -> WithOptions:
    make = BroadcastRoom if key == "broadcast_room_others" else Broadcast
    return WithOptions(make(parser.payload(key, value)), to_others=True, key=None)


def _parse_track(parser: _Parser, value: Any) -> Track:
    hash_ = _hash("track", "a Hash with 'channel' and 'user_id'", value)
    room = _room("track", "track.channel", _required("track", "channel", hash_, "a String"))
    key = _user_key("track", hash_)
    state = _state("track", hash_)
    fields = parser.metadata("track", hash_)
    parser.check_size("track", state, fields)
    return Track(room, key, state, fields)


def _parse_set_presence(parser: _Parser, value: Any) -> SetPresence:
    key = "set_presence"
    hash_ = _hash(key, "a Hash with 'channel' and 'state'", value)
    room = _room(key, f"{key}.channel", _required(key, "channel", hash_, "a String"))
    state = _state(key, hash_)
    return SetPresence(room, state, parser.metadata(key, hash_))


def _parse_broadcast_channel(parser: _Parser, value: Any) -> BroadcastChannel:
    key = "broadcast_channel"
    hash_ = _hash(key, "a Hash with 'channel' and 'message'", value)
    room = _room(key, f"{key}.channel", _required(key, "channel", hash_, "a String"))
    message = _required(key, "message", hash_, "any value")
    return BroadcastChannel(room, parser.payload(key, message))


def _parse_close(parser: _Parser, value: Any) -> CloseConnection:
    if type(value) is str:
        return CloseConnection(1000, cut_reason(value))
    hash_ = _hash("close", "a String or a Hash with 'code' and 'reason'", value)
    code = hash_.get("code", 1000)
    if type(code) is not int:
        raise _wrong("close", "close.code", "an Int", code)
    if not is_close_code(code):
        raise ActionError("close", f"close.code: {code} is not a close code that may be sent")
    reason = hash_.get("reason", "")
    if type(reason) is not str:
        raise _wrong("close", "close.reason", "a String", reason)
    return CloseConnection(code, cut_reason(reason))


_PARSERS: dict[Any, Callable[[_Parser, Any], Action]] = {
    # The order of this table is the order in which actions are applied (docs/spec §W4).
    "join": lambda parser, value: Join(_rooms("join", value)),
    "history": _parse_recall,
    "volatile": _parse_volatile,
    "untrack": lambda parser, value: Untrack(_rooms("untrack", value)),
    "track": _parse_track,
    "set_presence": _parse_set_presence,
    "room_state": lambda parser, value: parser.change("patch", value),
    "room_add": lambda parser, value: parser.change("add", value),
    "room_append": lambda parser, value: parser.change("append", value),
    "send": lambda parser, value: Reply(parser.payload("send", value)),
    "reply": lambda parser, value: _parse_reply(parser, "reply", "ok", value),
    "reply_error": lambda parser, value: _parse_reply(parser, "reply_error", "error", value),
    "broadcast_room": lambda parser, value: BroadcastRoom(parser.payload("broadcast_room", value)),
    "broadcast_room_others": lambda parser, value: _parse_others(
        parser, "broadcast_room_others", value
    ),
    "broadcast_channel": _parse_broadcast_channel,
    "broadcast": lambda parser, value: Broadcast(parser.payload("broadcast", value)),
    "broadcast_others": lambda parser, value: _parse_others(parser, "broadcast_others", value),
    "leave": lambda parser, value: Leave(_rooms("leave", value)),
    "close": _parse_close,
}

ACTIONS = tuple(_PARSERS)
"""The keys of all actions, in the order in which they are applied."""

_REPLIES = frozenset({"reply", "reply_error"})

_PLAIN: dict[Any, Callable[[Payload], Action]] = {
    "send": Reply,
    "broadcast_room": BroadcastRoom,
    "broadcast": Broadcast,
}
"""Actions that are a payload and nothing else: a String needs no parsing."""


def _unknown(key: Any) -> Unknown:
    if isinstance(key, Symbol) and key.name in _PARSERS:
        return Unknown(f":{key.name}", key.name)
    name = key if isinstance(key, str) else str(key)
    close = get_close_matches(name, _PARSERS, n=1, cutoff=0.6)
    return Unknown(name, close[0] if close else None)
