"""Expressions that programs seldom have: blocks for values, commands, what is not to be had."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .. import python as py
from ..emitters import Emitters, emits
from ..writer import Writer
from .names import fail

EMITTERS: Emitters = {}


@emits(EMITTERS, nodes.BlockExpr)
def _block(writer: Writer, node: nodes.BlockExpr) -> Any:
    """`return v` inside ends only the block with v, `break` and `next` end it with null."""
    call = writer.outlined(lambda: writer.body(node.body, is_tail=True), is_tail=True)
    return py.call("plain", call)


@emits(EMITTERS, nodes.ShellCommand)
def _shell_command(writer: Writer, node: nodes.ShellCommand) -> Any:
    """Backticks run through `System.shell_sync`, if the host grants a shell by its name."""
    text = writer.value(nodes.Interpolation(node.span, node.parts))
    return py.call("shell", text, at=writer.at(node))


@emits(EMITTERS, nodes.Unsupported)
def _unsupported(writer: Writer, node: nodes.Unsupported) -> Any:
    return fail(writer, node, None, node.message)
