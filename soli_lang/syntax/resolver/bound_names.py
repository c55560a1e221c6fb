"""Names that a text binds before a place: is `name { ... }` a call, or a variable and a hash?"""

from __future__ import annotations

from ..scanner.tokens import Token
from .context import Context
from .operands import ASSIGNING

_BINDING = frozenset({"LET", "CONST", "FOR", "CATCH"})


class BoundNames:
    """The names bound in what was emitted so far, whatever their scope. Reads each token once."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._read = 0
        self._params = 0

    def has(self, ctx: Context, name: str) -> bool:
        """Whether *name* is a variable somewhere above."""
        out = ctx.out
        while self._read < len(out) - 1:
            self._note(out[self._read], out[self._read + 1], out[max(0, self._read - 1)])
            self._read += 1
        return name in self._names

    def _note(self, token: Token, following: Token, before: Token) -> None:
        kind = token.type
        if kind == "PARAMS":
            self._params += 1
        elif kind == "PARAMS_END":
            self._params -= 1
        elif kind == "NAME" and (
            self._params > 0
            or before.type in _BINDING
            or following.type == "IN"
            or (following.type in ("EQ", "OP") and following.value in ASSIGNING)
        ):
            self._names.add(token.value)


def begins_statement(ctx: Context) -> bool:
    """Whether the name just emitted is the first token of its statement."""
    return len(ctx.out) == 1 or ctx.out[-2].type in ("SEP", "BODY")
