"""What is known of variables at one point of a function.

A branch is a child that notes what it changes only, so that forks and joins cost what they change.
Keys are variables, and paths: (variable, key) for `event["message"]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from .types import Type, join

UNSET: Final = object()
"""Of a variable: it has no value on any path. Of a path: nothing is known."""


class Environment:
    """The types of variables; `is_dead` behind a `return` and its like."""

    __slots__ = ("_parent", "_types", "is_dead")

    def __init__(self, parent: Environment | None = None) -> None:
        self._parent = parent
        self._types: dict[Any, Any] = {}
        self.is_dead: bool = parent is not None and parent.is_dead

    def get(self, key: Any) -> Any:
        """The type of *key*, or UNSET."""
        one: Environment | None = self
        while one is not None:
            found = one._types.get(key, self)
            if found is not self:
                return found
            one = one._parent
        return UNSET

    def set(self, key: Any, type_: Any) -> None:
        self._types[key] = type_

    @property
    def changes(self) -> Iterable[Any]:
        """The keys that this branch changed."""
        return tuple(self._types)

    def fork(self) -> Environment:
        """A branch that begins here."""
        return Environment(self)

    def take(self, branches: Sequence[Environment]) -> None:
        """Go on behind *branches*, which were forked here."""
        alive = [one for one in branches if not one.is_dead]
        if not alive:
            self.is_dead = True
            return
        for key in dict.fromkeys(key for one in alive for key in one._types):
            self._types[key] = _joined(key, [one.get(key) for one in alive])


def _joined(key: Any, types: list[Any]) -> Any:
    if isinstance(key, tuple):
        return UNSET if UNSET in types else join(types)
    known: list[Type] = [one for one in types if one is not UNSET]
    return join(known) if known else UNSET
