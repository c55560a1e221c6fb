"""`break`, `next` and `return` where there is nothing to leave (docs/spec §5.3)."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .findings import Findings

_FILE, _FUNCTION, _LOOP = "file", "function", "loop"


class LeavingPass:
    """Looks at what each of them stands in."""

    def __init__(self, program: nodes.Program, findings: Findings) -> None:
        self._program = program
        self._findings = findings

    def run(self) -> None:
        in_functions = nodes.every(self._program, (nodes.Break, nodes.Next))
        pending: list[tuple[Any, str]] = [(self._program.body, _FILE)]
        while pending:
            node, around = pending.pop()
            if isinstance(node, nodes.Lambda):
                around = ""  # a block: what ends there is told elsewhere
            elif isinstance(node, nodes.FunctionDecl | nodes.MethodDecl):
                around = _FUNCTION
                if not in_functions:
                    continue  # `return` is at home there
            elif node.row.loops or (isinstance(node, nodes.BlockExpr) and around == _FILE):
                around = _LOOP if node.row.loops else ""
            elif isinstance(node, nodes.Break | nodes.Next | nodes.Return):
                self._judge(node, around)
            pending.extend((one, around) for one in nodes.children(node))

    def _judge(self, node: Any, around: str) -> None:
        word = type(node).__name__.lower()
        if around == _FILE:
            self._findings.warning(
                "stray",
                f"`{word}` outside of {'a function' if word == 'return' else 'a loop'} "
                "ends nothing but itself",
                node.span,
                "the program goes on with the next statement; put what follows into an `else`",
            )
        elif around == _FUNCTION and isinstance(node, nodes.Break | nodes.Next):
            self._findings.warning(
                "stray",
                f"`{word}` outside of a loop ends the function, which gives null then",
                node.span,
                "write `return`",
            )
