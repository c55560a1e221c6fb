"""Parts are given what they need when they are made: nobody sets it on them from outside.

An attribute is set by its class, or by the module in which its class is. What else sets attributes
is a row here, with its reason. Objects of others (the standard library, aiohttp) do not count.
"""

from __future__ import annotations

from typing import NamedTuple

from .support import parts


class Allowed(NamedTuple):
    """Stores that stay."""

    room: str
    """Where they are: the beginning of a path, as `parts.name_of` shortens it."""
    receivers: str
    """On what, as the source calls it."""
    reason: str


ALLOWED = (
    # The compiler: passes over one state, a function for each kind of token or node.
    Allowed("soli_lang/syntax", "ctx frame top visible()", "the automaton: a rule is a transition"),
    Allowed("soli_lang/tools/formatting", "ctx", "runs that automaton"),
    Allowed("soli_lang/syntax", "token begin", "the resolver says what the scanner could not"),
    Allowed("soli_lang/syntax", "error first", "an error gets its hint where that is known"),
    Allowed("soli_lang/evaluator", "writer", "emitters share one writer: where it writes to"),
    Allowed("soli_lang/evaluator", "variable nested block code", "what the passes find out"),
    Allowed("soli_lang/tools/checking", "block", "what the passes find out"),
    Allowed("soli_lang/evaluator", "function made", "a function is compiled at its first call"),
    Allowed("soli_lang/interpreter", "file", "a session's file is open to further programs"),
    Allowed("soli_lang/tools/coverage", "interpreter", "instrumented from its next program on"),
    Allowed("soli_lang/evaluator", "klass enum", "a class is made by running its body"),
    Allowed("soli_stdlib", "klass error native_class()", "the same for classes of the library"),
    Allowed("soli_lang", "error value", "an error and the object that a program sees of it"),
    Allowed("soli_lang/evaluator/helpers", "machine", "hot path: budgets are counted in place"),
    Allowed("calling", "machine _machine", "hot path: whose call the machine runs"),
    # Records: what happened is written into them as it happens.
    Allowed("", "counters _counters", "hot path: numbers, each counted where it happens"),
    Allowed("", "trace", "a trace is filled while its event is handled"),
    Allowed("ws/fair", "flow", "hot path: the scheduler's account of one flow"),
    Allowed("core/hub", "step", "hot path: effects that one step has had so far"),
    Allowed(
        "soli_stdlib/stores", "entry", "one key of a store, changed by the functions of its type"
    ),
    Allowed("soli_stdlib/json", "scanner", "where the reader is"),
    # Wiring that is to go.
    Allowed("", "seat history _history", "being made a port"),
    Allowed("serving", "_reading _writing topics holders", "being made a port"),
    Allowed("", "job kept runner context request raw meta room found", "records, to be looked at"),
    Allowed("serving", "state needs live scheduler fanout realtime endpoint service", "to go"),
    Allowed("serving", "conversation connection outcome response flow answer metrics", "to go"),
    Allowed("serving", "declarations", "to go"),
    Allowed("ws", "connection endpoint handler", "to go"),
    Allowed("testing", "world jobs worker report suite suite_of() group error", "to go"),
    Allowed("cli", "state of() session transcript prompting _service", "to go"),
    Allowed("jobs", "machine", "to go"),
    Allowed("loading", "place jobs_of()", "to go"),
    Allowed("stores", "jobs_of()", "to go"),
    Allowed("builtins", "native", "to go"),
    Allowed("gate", "_answer", "to go"),
    Allowed("observing", "logger histogram", "to go"),
)


def allows(row: Allowed, store: parts.Store) -> bool:
    """Whether *row* is about that store."""
    place = parts.name_of(store.file)
    return place.startswith(row.room) and store.receiver in row.receivers.split()


def test_attributes_are_set_by_their_own_class() -> None:
    """Give an object what it needs when it is made, or a method to say what it gets."""
    stores = parts.stores_from_outside()
    outside = [str(store) for store in stores if not any(allows(row, store) for row in ALLOWED)]
    assert outside == []
