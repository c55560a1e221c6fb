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
    """On what, as the source calls it; `*`: on whatever there is."""
    reason: str


ALLOWED = (
    # One state, many passes: the compiler is functions, one for each kind of token or node.
    Allowed("soli_lang/syntax", "ctx frame top visible()", "the automaton: a rule is a transition"),
    Allowed("soli_lang/tools/formatting", "ctx", "runs that automaton"),
    Allowed("soli_lang/syntax", "token begin", "the resolver says what the scanner could not"),
    Allowed("soli_lang/evaluator", "writer", "emitters share one writer: where it writes to"),
    Allowed("soli_lang/evaluator", "variable nested block code", "what the passes find out"),
    Allowed("soli_lang/tools/checking", "block", "what the passes find out"),
    Allowed("soli_lang/evaluator", "function made", "a function is compiled at its first call"),
    Allowed("soli_lang/interpreter", "file", "a session's file is open to further programs"),
    Allowed("soli_lang/tools/inference", "*", "what the passes find out"),
    Allowed("soli_lang/tools/coverage", "interpreter", "instrumented from its next program on"),
    Allowed("soli_lang/tools/profiling", "interpreter", "instrumented from its next program on"),
    Allowed("soli_lang/evaluator", "klass enum", "a class is made by running its body"),
    Allowed("soli_stdlib", "klass error native_class()", "the same for classes of the library"),
    Allowed("soli_stdlib/json", "scanner", "where the reader is"),
    # Records: what is known of one thing, written down by those who find it out.
    Allowed("", "error first value", "an error: its hint, and the object that a program sees"),
    Allowed("", "trace", "an event: what it caused, while it is handled"),
    Allowed("", "context request", "an HTTP request: what the program answers to it"),
    Allowed("http", "raw", "an HTTP request: the fields of its body, once they are read"),
    Allowed("serving", "response", "an HTTP response: headers of those who see it pass"),
    Allowed("jobs", "job", "a job: what became of it, for its store"),
    Allowed("soli_stdlib/stores", "entry", "a key of a store: when it expires"),
    Allowed("core", "meta", "a presence: of which node it is, and since when it lingers"),
    Allowed("core", "room found", "a room's subscribers and what they have been told"),
    Allowed("builtins", "native", "a function that stands for a route"),
    # Hot paths, in which a method would be a call for each message.
    Allowed("", "counters _counters histogram", "numbers, each counted where it happens"),
    Allowed("soli_lang/evaluator/helpers", "machine", "budgets are counted in place"),
    Allowed("calling", "machine", "whose call the machine runs"),
    Allowed("debugging", "machine", "whose call the machine runs"),
    Allowed("calling", "runner", "a greenlet's own attributes, and whom it runs for"),
    Allowed("core/hub", "step", "the effects that one step has had so far"),
    Allowed("ws/fair", "flow", "the scheduler's account of one flow"),
    Allowed("ws/rooms", "connection", "in which rooms a connection is: fan-out and it share that"),
    Allowed("gate", "_answer", "how much of an answer is left: its pieces are sent elsewhere"),
    # Attributes of others, which have the names of some of ours.
    Allowed("observing", "logger", "of `logging`"),
    Allowed("ws/upgrade", "handler", "of aiohttp"),
    Allowed("serving/dev", "answer", "of aiohttp"),
    # Not methods yet: what a broker moves on for the whole process.
    Allowed("", "seat history _history", "where the order of messages is, and what is under way"),
    Allowed("", "_reading _writing", "what is called when a connection to Redis fails"),
    Allowed("stores/redis", "wire", "the same"),
)


def allows(row: Allowed, store: parts.Store) -> bool:
    """Whether *row* is about that store."""
    place = parts.name_of(store.file)
    named = row.receivers.split()
    return place.startswith(row.room) and (store.receiver in named or named == ["*"])


def test_attributes_are_set_by_their_own_class() -> None:
    """Give an object what it needs when it is made, or a method to say what it gets."""
    stores = parts.stores_from_outside()
    outside = [str(store) for store in stores if not any(allows(row, store) for row in ALLOWED)]
    assert outside == []


def test_every_exception_is_one() -> None:
    """A name that nothing is stored on from outside any more leaves its row, or the row goes."""
    stores = parts.stores_from_outside()
    unused = [
        f"{row.room}: {receiver}"
        for row in ALLOWED
        for receiver in row.receivers.split()
        if not any(allows(row._replace(receivers=receiver), store) for store in stores)
    ]
    assert unused == []
