"""What nodes tell each other of themselves; declared as the operations of the core are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..core.effects import ConnectionId
from ..core.operations.records import operation


@operation("a", is_in_account=True)
class Account(NamedTuple):
    """All that a node holds, or a page of it (`accounts`). Others make of what they know of its
    connections what this says."""

    connections: Sequence[ConnectionId]
    members: Sequence[Sequence[Any]]
    """Pairs of a connection and a room, in the order of joining."""
    trackings: Sequence[Sequence[Any]]
    """The fields of `Tracked`."""
    lingering: Sequence[Sequence[Any]] = ()
    """Presence of connections that are gone: a node, a room, and the fields of an `Entry`."""
    topics: Sequence[tuple[str, int]] = ()
    """Pairs of a topic of server-sent events and how many subscribers the node has."""
    page: int = 0
    is_last: bool = True
    """Whether this is all: what no page told of is no more."""


@operation("v")
class LingeringEnded(NamedTuple):
    """The users of a dead node had their time to come back."""

    node: str


@operation("h")
class NodeBegan(NamedTuple):
    """A node is registered and asks the others for accounts; the script writes it."""

    node: str


@operation("e")
class NodeEnded(NamedTuple):
    """A node is dead; the script writes it."""

    node: str


@operation("s")
class NodesAsked(NamedTuple):
    """Somebody wants to know how all nodes are; the script writes it."""

    by: str


@operation("z")
class Nothing(NamedTuple):
    """It changes nothing, and only keeps a turn."""


NOTHING = Nothing()
