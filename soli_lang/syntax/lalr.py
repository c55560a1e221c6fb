"""The LALR(1) machine that runs the tables which Lark makes from `grammar/soli.lark`.

Lark reads the grammar, proves it free of conflicts and computes the tables (`tables`); this loop
uses them. With the tables in the cache Lark need not even be imported, which halves the time to
the first parse, and reductions call the builder at once: there is no parse tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from .scanner.tokens import Token

END: Final = "$END"
SAME: Final = -1
"""Instead of a builder's method: the only child stands for the whole (`?rule` in the grammar)."""
LIST: Final = -2
"""Instead of a builder's method: a list that becomes part of the list around it (`*`, `+`)."""

Pay = Callable[[int], None]
"""Takes the number of tokens that are about to be gone through; may end it by an error."""
_INSTALMENT: Final = 64

Row = dict[str, Any]
"""What a state does with each symbol: go to another row, or reduce by a rule (a tuple)."""


class Refused(Exception):
    """The token at index `at` fits nowhere; `expected` are the terminals that would."""

    def __init__(self, at: int, row: Row) -> None:
        super().__init__(at)
        self.at = at
        self.expected = frozenset(symbol for symbol in row if symbol.isupper())


class Tables:
    """States and rules, made ready to run from plain data.

    `methods`: names of the builder's methods. `rules`: origin, number of children, index of the
    method (or `SAME`, `LIST`), and which child is a list to be spliced in (or -1). `states`: for
    each symbol the state to go to, or -1 - index of the rule to reduce by.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        """Raises LookupError, TypeError or ValueError for data that are no tables."""
        self.methods: tuple[str, ...] = tuple(data["methods"])
        rules = [
            (int(size), str(origin), int(method), int(splice))
            for origin, size, method, splice in data["rules"]
        ]
        rows: list[Row] = [{} for _ in data["states"]]
        for row, actions in zip(rows, data["states"], strict=True):
            for symbol, action in actions.items():
                row[symbol] = rows[action] if action >= 0 else rules[-1 - action]
        self.start: Row = rows[data["start"]]
        self.end: Row = rows[data["end"]]


def run(  # noqa: C901 - hot loop
    tables: Tables, tokens: Sequence[Token], builder: object, pay: Pay | None = None
) -> Any:
    """What the *builder* makes of *tokens*, the last of which must be of type `$END`.

    *pay* is told of the tokens as they are read.

    Raises:
        Refused: at the first token that fits nowhere.
    """
    methods = [getattr(builder, name) for name in tables.methods]
    end_row = tables.end
    stack: list[Row] = [tables.start]
    values: list[Any] = []
    for at, token in enumerate(tokens):
        kind = token.type
        if not at % _INSTALMENT and pay is not None:
            pay(_INSTALMENT)
        while True:
            entry = stack[-1].get(kind)
            if entry.__class__ is dict:
                stack.append(entry)
                values.append(token)
                break
            if entry is None:
                if stack[-1] is end_row and kind == END:
                    return values[-1]
                raise Refused(at, stack[-1])
            size, origin, method, splice = entry
            if method == SAME:
                stack[-1] = stack[-2][origin]
                continue
            children: list[Any] = []
            if size:
                children = values[-size:]
                del values[-size:]
                del stack[-size:]
                if splice == 0:
                    grown = children[0]
                    grown.extend(children[1:])
                    children = grown
                elif splice > 0:
                    children[splice : splice + 1] = children[splice]
            values.append(children if method == LIST else methods[method](children))
            stack.append(stack[-1][origin])
    raise AssertionError("the last token is $END")
