"""What a handler does that is not undone when it sets a room's state and has to run again.

Its effects happen once, and what it changes by `KV` and `Job` waits for the commit; output, files,
HTTP and shell commands happen at once, in every run (`soli check`).
"""

from __future__ import annotations

from typing import Any, Final

from soli_lang.tools.checker import WARNING, Finding
from soli_lang.tree import nodes
from soli_lang.tree.node_type import walk

from .reached_functions import FileFunctions

_OUTPUT: Final = frozenset({"print", "println", "puts", "debug"})
_FILES: Final = frozenset({"barf", "file_write_base64", "file_write_bytes", "mkdir_p"})
_CHANGES_FILES: Final = frozenset({"write", "append", "delete", "copy", "rename"})
_STATE: Final = "room_state"


def runs_again(program: nodes.Program, handlers: frozenset[str]) -> list[Finding]:
    """One finding for each kind of effect in what *handlers* run, if they set a room's state."""
    if not any(map(_sets_state, nodes.every(program, (nodes.HashLiteral,)))):
        return []
    reached = FileFunctions(program).reached(handlers)
    if not any(_sets_state(node) for function in reached for node in walk(function)):
        return []
    found: dict[str, Any] = {}
    for node in sorted(
        (node for function in reached for node in walk(function)), key=lambda one: one.span.start
    ):
        what = _effect(node)
        if what:
            found.setdefault(what, node)
    return [_finding(program, what, node) for what, node in found.items()]


def _finding(program: nodes.Program, what: str, node: Any) -> Finding:
    return Finding(
        WARNING,
        "runs-again",
        f"{what} is not undone when the handler runs again: it sets the state of a room, "
        "which another event may have changed meanwhile",
        program.source,
        node.span,
        "do it in a job: Job.enqueue waits until the state is set",
    )


def _sets_state(node: Any) -> bool:
    return isinstance(node, nodes.HashLiteral) and any(
        isinstance(key, nodes.Literal) and key.value == _STATE for key, _ in node.pairs
    )


def _effect(node: Any) -> str:
    """What happens at once, in the words of the program; empty: nothing."""
    if isinstance(node, nodes.ShellCommand):
        return "a shell command"
    callee = node.callee if isinstance(node, nodes.Call) else None
    if isinstance(callee, nodes.Name):
        return callee.name if callee.name in _OUTPUT | _FILES else ""
    if not isinstance(callee, nodes.Member) or not isinstance(callee.object, nodes.Name):
        return ""
    owner, name = callee.object.name, callee.name
    happens = owner in ("HTTP", "System") or (owner == "File" and name in _CHANGES_FILES)
    return f"{owner}.{name}" if happens else ""
