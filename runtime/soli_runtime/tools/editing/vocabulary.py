"""The keys of events, requests and actions, in words for whoever writes a handler."""

from __future__ import annotations

from typing import Final

from ...core.actions import contract

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
