"""Whether a program can wait at all, told from the names in it.

Setting a call aside needs a stack of its own, which costs a third of a small handler. A program
in which no builtin that waits is ever named, and no builtin that finds names at run time, cannot
wait: its handlers are called directly. `tests/unit/runtime/test_waiting_names.py` holds this list
against what the builtins do.
"""

from __future__ import annotations

from collections.abc import Iterable

from soli_lang.tree import nodes
from soli_lang.values.values import Symbol

WAITING = frozenset(
    {
        "await",
        "sleep",
        "HTTP",
        "System",
        "argon2_hash",
        "argon2_verify",
        "password_hash",
        "password_verify",
        "Webhook",
    }
)
"""Builtins that wait, and classes that have such."""

STORED = frozenset(
    {
        "Cache",
        "Cron",
        "Job",
        "KV",
        "RateLimiter",
        "cache",
        "perform_at",
        "perform_in",
        "perform_later",
        "rate_limiter_from_ip",
        "schedule_cron",
        "session",
        "session_delete",
        "session_destroy",
        "session_get",
        "session_has",
        "session_id",
        "session_regenerate",
        "session_set",
        "ws_add_room_state",
        "ws_append_room_state",
        "ws_keep_state",
        "ws_room_state",
        "ws_set_room_state",
        "ws_update_room_state",
    }
)
"""Builtins that wait where what they keep is kept elsewhere than in memory."""

SHARED = frozenset(
    {
        "ws_add_room_state",
        "ws_append_room_state",
        "ws_clients",
        "ws_clients_in",
        "ws_count",
        "ws_get_presence",
        "ws_history",
        "ws_keep_state",
        "ws_list_presence",
        "ws_presence_count",
        "ws_room_state",
        "ws_set_room_state",
        "ws_update_room_state",
    }
)
"""Builtins that wait where several processes meet."""

FINDING = frozenset(
    {
        "alias_method",
        "class_eval",
        "const_get",
        "define_method",
        "instance_eval",
        "method_missing",
        "send",
    }
)
"""What can reach a builtin without naming it."""

RUNNING = frozenset({"render", "render_partial", "partial", "sse", "stream"})
"""What runs code that is not among the programs looked at: templates, streams."""

_NAMES = WAITING | FINDING | RUNNING


def may_wait(
    programs: Iterable[nodes.Program], *, has_store: bool = False, has_broker: bool = False
) -> bool:
    """Whether a call into these programs may have to be set aside."""
    names = _NAMES | STORED if has_store else _NAMES
    names = names | SHARED if has_broker else names
    return any(_mentions(program, names) for program in programs)


def _mentions(program: nodes.Program, names: frozenset[str]) -> bool:
    # Iterative: programs may nest deeply.
    waiting: list[object] = [program.body]
    while waiting:
        item = waiting.pop()
        if isinstance(item, tuple | list):
            waiting.extend(item)
        elif isinstance(item, nodes.ShellCommand):
            return True
        elif isinstance(item, nodes.Node):
            if _named(item) in names:
                return True
            waiting.extend(getattr(item, field) for field in type(item).field_names[1:])
    return False


def _named(node: nodes.Node) -> str | None:
    """The name that a node uses: a variable, a member, a symbol (`&:sleep`)."""
    if isinstance(node, nodes.Literal):
        return node.value.name if isinstance(node.value, Symbol) else None
    name = getattr(node, "name", None)
    return name if isinstance(name, str) else None
