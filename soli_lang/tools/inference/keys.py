"""Keys that are read of hashes that do not have them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ...base.near_names import did_you_mean
from ...base.source import Span
from ...tree import nodes
from ..checking.shapes import PRINTERS

if TYPE_CHECKING:
    from .infer import TypeWalk as Walk

_MOST_LISTED: Final = 8
"""Keys of a hash that a hint names."""
_QUESTIONS: Final = frozenset(
    {"nil?", "present?", "blank?", "is_a?", "length", "size", "count", "empty?", "any?"}
)
_TESTING: Final = nodes.kinds(lambda row: row.tests)

Spans = frozenset[tuple[int, int]]


class Reads:
    """How a program reads elements of hashes."""

    def __init__(self, program: nodes.Program) -> None:
        self._program = program

    @cached_property
    def asked(self) -> Spans:
        """What the program asks for, so that it need not be there: `h["x"] ?? 1`, `if h.x`,
        `h["x"] == null`, `h["x"].nil?`, `h["x"]&.y`."""
        kinds = (nodes.Index, nodes.SafeIndex, nodes.Member)
        inside = (one for root in self._asking() if root is not None for one in nodes.walk(root))
        return frozenset((one.span.start, one.span.end) for one in inside if isinstance(one, kinds))

    def _asking(self) -> Iterator[Any]:
        for node in nodes.every(self._program, _TESTING):
            yield from (getattr(node, field) for field in node.row.tests)
        kinds = (nodes.Logical, nodes.Unary, nodes.Match, nodes.Binary, nodes.Member)
        for node in nodes.every(self._program, kinds):
            if isinstance(node, nodes.Logical):
                yield node.left
            elif isinstance(node, nodes.Unary):
                yield node.operand
            elif isinstance(node, nodes.Match):
                yield node.subject
            elif isinstance(node, nodes.Binary) and node.operator in ("==", "!="):
                yield from (node.left, node.right)
            elif isinstance(node, nodes.Member) and (node.is_safe or node.name in _QUESTIONS):
                yield node.object

    @cached_property
    def printed(self) -> Spans:
        """Elements that the program prints as they are, which shows that there is none."""
        calls = (
            one
            for one in nodes.every(self._program, (nodes.Call,))
            if isinstance(one.callee, nodes.Name) and one.callee.name in PRINTERS
        )
        shown = (argument.value for one in calls for argument in one.arguments)
        found = (one for one in shown if isinstance(one, nodes.Index))
        return frozenset((one.span.start, one.span.end) for one in found)

    @cached_property
    def texts(self) -> frozenset[str]:
        """Texts and symbols that may become keys: all but those that only read one."""
        kinds = (nodes.Index, nodes.SafeIndex)
        reading = {id(one.index) for one in nodes.every(self._program, kinds)}
        found = nodes.every(self._program, (nodes.Literal,))
        return frozenset(
            str(getattr(one.value, "name", one.value)) for one in found if id(one) not in reading
        )


def judge_read(
    walk: Walk,
    reads: Reads,
    keys: Iterable[Collection[str]],
    name: str,
    span: Span,
    at: Span,
    *,
    is_certain: bool = False,
) -> None:
    """Report a key that none of several hashes has; where they may have been changed, one only
    that nothing writes, and that is spelt like another one."""
    known = list(dict.fromkeys(key for one in keys for key in one))
    place = (span.start, span.end)
    if not known or name in known or place in reads.asked:
        return
    if not is_certain and (name in reads.texts or name in walk.assigned_keys):
        return
    hint = did_you_mean(name, known)
    if hint is None and is_certain and place not in reads.printed:
        hint = f"it has {', '.join(known[:_MOST_LISTED])}"
    if hint is not None:
        walk.warning("unknown-key", f"this hash has no '{name}'", at, hint)
