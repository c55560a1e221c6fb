"""The keys of events, requests and actions, in words for whoever writes a handler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from soli_lang.tree import nodes

from ...core.actions import contract
from ..message_types import payload_fields

EVENT: Final = {key: one.text for key, one in contract.EVENT.items()}
"""Keys of the Hash that a WebSocket handler gets (docs/spec §W3)."""

EVENT_TYPES: Final = contract.EVENT_TYPES

REQUEST: Final = {key: one.text for key, one in contract.REQUEST.items()}
"""Keys of the Hash that an action or `authenticate` gets (docs/spec §L24.2)."""

ACTIONS: Final = {key: one.text for key, one in contract.ACTIONS.items()}
"""Keys of the Hash that a WebSocket handler returns (docs/spec §W4)."""

PARTS: Final[dict[str, tuple[str, ...]]] = {
    key: tuple(one.parts) for key, one in contract.ACTIONS.items() if one.parts
}
"""Keys of the Hashes that actions take."""

ROUTE_WORDS: Final = frozenset(
    ("get", "post", "put", "patch", "delete", "router_websocket", "websocket")
)
"""Functions of `config/routes.soli` whose second argument is a `controller#action`."""
VIEW_WORDS: Final = frozenset({"render", "partial", "render_partial"})
_EVENT_NAMES: Final = frozenset({"event", "e", "ev"})
_REQUEST_NAMES: Final = frozenset({"request", "req"})


def keys_of(
    variable: str, keys: tuple[str, ...], programs: Iterable[nodes.Program]
) -> Mapping[str, str]:
    """The keys of the Hash at *keys* of a variable that is called as events and requests are, with
    words about each. *programs* declare messages."""
    if not keys and variable in _EVENT_NAMES:
        return EVENT
    if not keys and variable in _REQUEST_NAMES:
        return REQUEST
    if variable in _EVENT_NAMES and keys[0] == "payload":
        found: dict[str, str] = {}
        for program in programs:
            found.update(payload_fields(program, keys[1:]))
        return found
    return {}
