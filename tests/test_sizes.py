"""How large a part may be: what a reader can hold. Each exception is named, with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

from .support import parts

MAX_LINES = 450
MAX_FUNCTION_LINES = 40
MAX_ATTRIBUTES = 12
MAX_PARAMETERS = 6

LONG_MODULES = {
    "calls.py": "what inference says of calls: not split yet",
    "expressions.py": "what inference says of expressions: not split yet",
    "channel.py": "hot path: what one line does, in one class",
    "connection.py": "hot path: what one connection does, in one class",
    "conversations.py": "hot path: what one conversation does, in one class",
    "frames.py": "hot path: a parser in one class, whose parts would be calls",
    "hashes.py": "a table: a function for each method",
    "hub.py": "what each action decides, in one class",
    "jobs.py": "the words for jobs, schedules and webhooks: not split yet",
    "machine.py": "hot path: what a program runs on, in one class",
    "members.py": "hot path: what a member of a value means",
    "names.py": "the pass over names, in one class",
    "native.py": "how builtins are declared, told in one place",
    "nodes.py": "a table: a class for each kind of node",
    "sessions.py": "sessions, where they are kept and their words: not split yet",
    "strings.py": "a table: a function for each method",
    "writer.py": "what emitters ask for, in one class",
}

LONG_FUNCTIONS = {
    "command.py main": "options of one command, in order",
    "connection.py Connection.data_received": "hot path: a frame without calls",
    "run.py _serve": "the steps of one command, in order",
    "server.py serve": "the steps of a server's life, in order",
    "endpoint.py Endpoint.__init__": "hot path: what connections ask for, without further look-ups",
    "hub.py Hub.__init__": "a table of what carries out which action",
    "scheduler.py Scheduler.__init__": "hot path: what messages ask for, without further look-ups",
    "literals.py _index": "cases of one expression, by what is known of its parts",
}

LARGE_CLASSES = {
    # Tables and records: no state, but what is known of one thing.
    "__init__.py _Fields": "a table: a row per option",
    "__init__.py Constants": "a table: a row per bound",
    "limits.py Capabilities": "a table: a row per capability",
    "limits.py SocketLimits": "a table: a row per limit",
    "rows.py Row": "a table: a question per pass",
    "counters.py Counters": "a record of numbers",
    "queue.py Job": "a record: what a store keeps of a job",
    "run_options.py RunOptions": "a record: what the command line says",
    "traces.py Trace": "a record: what is known of an event and what it caused",
    "native.py Declaration": "a record: what a builtin says of itself",
    "scopes.py Variable": "a record: what the passes find out about a variable",
    "code.py Code": "a record: what is known of a function before it is called",
    "objects.py SoliClass": "a record: what a program's class says of its objects",
    # Hot path: another object would be another look-up for each message or call.
    "channel.py Channel": "hot path",
    "connection.py Connection": "hot path",
    "endpoint.py Endpoint": "hot path",
    "scheduler.py Scheduler": "hot path",
    "frames.py FrameParser": "hot path",
    "audience.py Audience": "hot path",
    "hub.py Hub": "hot path",
    "machine.py Machine": "hot path",
    "state.py ServiceState": "a record: what the parts of a service share",
    "context.py Frame": "hot path: the automaton's",
    "context.py Context": "hot path: the automaton's",
    # To be made smaller.
    "writer.py Writer": "what emitters ask for",
    "names.py NamePass": "what one pass knows on its way",
    "classes.py ClassInfo": "a record: what inference knows of a class",
    "resolving.py Resolution": "what one pass knows on its way",
    "walk.py Walk": "what one pass knows on its way",
    "worker.py Worker": "what runs, waits and is told of jobs: not split yet",
    "dashboard.py Dashboard": "what its pages have been told: not split yet",
    "development.py Development": "what terminal and pages have been told: not split yet",
    "node.py Node": "the life of a node in its log: not split yet",
    "outbox.py Outbox": "what waits for the log, and its bounds: not split yet",
    "traffic.py Traffic": "two connections to Redis, and what is under way: not split yet",
    "parent.py Parent": "what a parent knows of its workers: not split yet",
    "clients.py SocketClient": "what a client at the prompt shows of itself",
}

LONG_CONSTRUCTORS = {
    "handler.py Handler": "a record: what a route says of its handler",
    "app.py App": "a record: what loading found",
    "audience.py Audience": "given what the core shares",
    "hub.py Hub": "given the parts of the core",
    "first_request.py GreetingServer": "given what aiohttp's server is given, and more",
    "parent.py Parent": "what a parent knows of its workers: not split yet",
    "worlds.py World": "given what the programs of a spec file may do",
}


def test_modules_are_short() -> None:
    """What is told in one file fits into one head."""
    sizes = [(Path(file).name, parts.lines_of(file)) for file in parts.modules()]
    judge(sizes, MAX_LINES, LONG_MODULES)


def test_functions_are_short() -> None:
    """From `def` to the last line, without docstrings: those of attributes are in constructors."""
    sizes = [
        (f"{name} {label}", code_lines(node))
        for name, tree in named_modules()
        for label, node in functions(tree)
    ]
    judge(sizes, MAX_FUNCTION_LINES, LONG_FUNCTIONS)


def test_objects_keep_few_things() -> None:
    """Attributes that a class declares or sets on itself, without those of its bases."""
    sizes = [(name, len(parts.attributes(klass))) for name, klass in named_classes()]
    judge(sizes, MAX_ATTRIBUTES, LARGE_CLASSES)


def test_constructors_take_few_things() -> None:
    """Parameters of an `__init__` that is written out, beside `self`."""
    sizes = [(name, parts.constructor_parameters(klass)) for name, klass in named_classes()]
    judge(sizes, MAX_PARAMETERS, LONG_CONSTRUCTORS)


def judge(sizes: Iterable[tuple[str, int]], most: int, exceptions: Mapping[str, str]) -> None:
    """Nothing is larger than *most* but the exceptions, and each of those is."""
    large = [(name, size) for name, size in sizes if size > most]
    assert [(name, size) for name, size in large if name not in exceptions] == []
    assert exceptions.keys() - {name for name, _ in large} == set(), "these have become small"


def named_modules() -> list[tuple[str, ast.Module]]:
    """The modules with the names of their files."""
    return [(Path(file).name, tree) for file, tree in parts.modules().items()]


def named_classes() -> list[tuple[str, ast.ClassDef]]:
    """All classes with the names of their files and their own."""
    return [
        (f"{name} {klass.name}", klass)
        for name, tree in named_modules()
        for klass in parts.classes(tree)
    ]


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function that are no docstring."""
    length = (node.end_lineno or 0) - node.lineno + 1
    said = [
        (one.end_lineno or 0) - one.lineno + 1
        for one in ast.walk(node)
        if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
    ]
    return length - sum(said)


def functions(tree: ast.Module) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The functions of a module, those of classes with their class's name."""
    methods = {
        node: f"{klass.name}.{node.name}"
        for klass in parts.classes(tree)
        for node in klass.body
        if isinstance(node, parts.FUNCTIONS)
    }
    return [
        (methods.get(node, node.name), node)
        for node in ast.walk(tree)
        if isinstance(node, parts.FUNCTIONS)
    ]
