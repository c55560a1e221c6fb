"""Keys of sessions that one part of an app sets and another one reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from soli_lang.base.near_names import did_you_mean
from soli_lang.base.source import Span
from soli_lang.tools.checker import WARNING, Finding
from soli_lang.tree import nodes
from soli_lang.tree.node_type import walk

_SETS, _READS, _BOTH = "sets", "reads", "both"
_WORDS: Final = {
    "session_set": _SETS,
    "session_get": _READS,
    "session_has": _READS,
    "session_delete": _BOTH,
}


def session_keys(program: nodes.Program, app: Iterable[nodes.Program], views: str) -> list[Finding]:
    """Keys in *program* that *app* only reads or only sets, while another one is spelt alike.

    *app* has *program* in it. What *views*, the text of its templates, mention is read.
    """
    sets: set[str] = set()
    reads: set[str] = set()
    for one in app:
        for way, key, _ in _uses(one):
            if way in (_SETS, _BOTH):
                sets.add(key)
            if way in (_READS, _BOTH):
                reads.add(key)
    reads |= {key for key in sets if key in views}
    return [] if "" in sets | reads else list(_findings(program, sets, reads))


def _findings(program: nodes.Program, sets: set[str], reads: set[str]) -> Iterator[Finding]:
    for way, key, span in _uses(program):
        if way == _READS and key not in sets:
            text, others = f"nothing sets '{key}' in the session", sets
        elif way == _SETS and key not in reads:
            text, others = f"nothing reads '{key}' of the session", reads & sets
        else:
            continue
        hint = did_you_mean(key, [one for one in others if _letters(one) != _letters(key)])
        if hint is not None:
            yield Finding(WARNING, "session-key", text, program.source, span, hint)


def _letters(key: str) -> str:
    """`step1` and `step2` are no slips of each other."""
    return re.sub(r"\d+", "", key)


def _uses(program: nodes.Program) -> Iterator[tuple[str, str, Span]]:
    """What is done with which key, and where; the key is empty where the text does not tell."""
    of_index: set[int] = set()
    for node in walk(program.body):
        if isinstance(node, nodes.Index | nodes.SafeIndex) and _is_session(node.object):
            of_index.update((id(node.object), id(getattr(node.object, "callee", None))))
            yield _READS, _text(node.index), node.index.span
        elif _is_session(node) and id(node) not in of_index:
            yield _READS, "", node.span  # who gets it may read any key
        elif isinstance(node, nodes.FunctionNode) and node.name in _WORDS:
            yield _BOTH, "", node.span  # the program's own
        elif isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Name):
            way = _WORDS.get(node.callee.name)
            if way is not None and node.arguments:
                key: Any = node.arguments[0].value
                yield way, _text(key), key.span


def _is_session(node: Any) -> bool:
    """`session()`, or `session`"""
    named = node.callee if isinstance(node, nodes.Call) else node
    return isinstance(named, nodes.Name) and named.name == "session"


def _text(node: Any) -> str:
    value = node.value if isinstance(node, nodes.Literal) else None
    value = getattr(value, "name", value)  # of a symbol
    return value if isinstance(value, str) else ""
