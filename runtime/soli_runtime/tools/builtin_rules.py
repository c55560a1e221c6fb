"""What builtins want of their arguments beyond the kinds that they declare: keys of options, and
values in what helpers are given for the state of a room.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from soli_lang.tools.checker import ERROR, WARNING
from soli_lang.tools.inference.contracts import Others, ValueRule

from ..builtins.realtime import VOLATILE
from ..builtins.routes import CORS_DEFAULTS
from ..core.actions import contract
from ..core.actions.contract import Taken
from ..http.cookies import OPTIONS as COOKIE_OPTIONS

Rules = Mapping[str, Mapping[int, ValueRule]]
"""Name of a builtin -> index of an argument -> what it has to be."""

_REFUSED: Final[Mapping[tuple[str, int], tuple[str, ...]]] = {
    ("KV.set", 2): ("ttl", "if"),
    ("cors", 1): tuple(CORS_DEFAULTS),
    ("router_websocket", 2): ("protocols",),
    ("set_cookie", 2): COOKIE_OPTIONS,
    ("websocket", 2): ("protocols",),
    ("ws_broadcast", 1): (VOLATILE,),
    ("ws_broadcast_others", 1): (VOLATILE,),
    ("ws_broadcast_room", 2): (VOLATILE,),
    ("ws_broadcast_room_others", 2): (VOLATILE,),
    ("ws_send", 2): (VOLATILE,),
}
"""(Builtin, index of its options) -> their names; another one is an error when the call runs."""
_INT: Final = ValueRule("an Int", frozenset({"int"}))
_NUMBER: Final = ValueRule("an Int or a Float", frozenset({"int", "float"}))
_TYPED: Final[Mapping[tuple[str, int], Mapping[str, ValueRule]]] = {
    ("ws_keep_history", 1): {"messages": _INT, "seconds": _NUMBER},
    ("ws_keep_state", 1): {
        "bytes": _INT,
        "seconds": _NUMBER,
        "keep": _INT,
        "tell": ValueRule("a Bool", frozenset({"bool"})),
    },
}
"""The same with what their values have to be."""
_IGNORED: Final[Mapping[tuple[str, int], tuple[str, ...]]] = {
    ("jwt_sign", 2): (
        *("algorithm", "key", "expires_in", "exp", "nbf", "aud", "iss", "jti", "kid", "typ"),
    ),
    ("jwt_verify", 2): ("algorithm", "key", "leeway", "audience", "issuer", "subject"),
    ("read_cookie", 1): ("signed", "encrypted"),
    ("render", 2): ("layout", "status"),
}  # fmt: skip
"""The same of options that nobody looks for."""
_HEADERS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("HTTP.get", "HTTP.delete", "HTTP.get_json", "HTTP.head"), 1),
    **dict.fromkeys(("HTTP.post", "HTTP.put", "HTTP.patch"), 2),
    **dict.fromkeys(("HTTP.post_json", "HTTP.put_json", "HTTP.patch_json"), 2),
}
"""Functions whose options may be headers, too, by their index."""
_STATES: Final[Mapping[str, str]] = {
    "ws_set_room_state": "room_state",
    "ws_add_room_state": "room_add",
    "ws_append_room_state": "room_append",
}
"""Helpers -> the action that takes the same."""


@lru_cache(maxsize=1)
def builtin_rules() -> Rules:
    """The rules of all builtins that have some."""
    found: dict[str, dict[int, ValueRule]] = {}
    for (name, index), known in _REFUSED.items():
        found.setdefault(name, {})[index] = _options(name, _named(known), ERROR)
    for (name, index), typed in _TYPED.items():
        found.setdefault(name, {})[index] = _options(name, typed, ERROR)
    for (name, index), known in _IGNORED.items():
        found.setdefault(name, {})[index] = _options(name, _named(known), WARNING)
    for name, index in _HEADERS.items():
        rule = _options(name, _named(("headers", "timeout")), WARNING, only_near=True)
        found.setdefault(name, {})[index] = rule
    for name, action in _STATES.items():
        found.setdefault(name, {})[1] = value_rule(contract.ACTIONS[action])
    return found


def _named(known: tuple[str, ...]) -> Mapping[str, ValueRule]:
    return dict.fromkeys(known, ValueRule())


def _options(
    name: str, known: Mapping[str, ValueRule], severity: str, *, only_near: bool = False
) -> ValueRule:
    message = f"{name}() has no option '{{}}'"
    return ValueRule(keys=known, others=Others(severity, "unknown-option", message, only_near))


def value_rule(taken: Taken) -> ValueRule:
    """What the core takes, as a rule of `soli check`."""
    return ValueRule(
        taken.expected,
        frozenset(taken.kinds),
        frozenset(taken.items),
        {key: value_rule(one) for key, one in taken.parts.items()},
        tuple(key for key, one in taken.parts.items() if one.is_required),
        None if taken.values is None else value_rule(taken.values),
        Others(WARNING, "unknown-key", taken.others) if taken.others else None,
    )
