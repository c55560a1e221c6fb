"""The nodes of a program by kind: who asks for a few kinds does not walk through all others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .node_type import Node, walk


def every(program: Any, kinds: Collection[type]) -> list[Any]:
    """The nodes of exactly these *kinds* in *program*: kind by kind, outer nodes first.

    A program is walked through for the first question only.
    """
    census: dict[type, list[Any]] | None = getattr(program, "_census", None)
    if census is None:
        census = _census(program.body)
        object.__setattr__(program, "_census", census)
    return [node for kind, found in census.items() if kind in kinds for node in found]


def _census(body: Node) -> dict[type, list[Any]]:
    found: dict[type, list[Any]] = {}
    for node in walk(body):
        kind = node.__class__
        if kind in found:
            found[kind].append(node)
        else:
            found[kind] = [node]
    return found
