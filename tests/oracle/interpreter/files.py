"""Programs and imported files (docs/spec §10)."""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import CapabilityError, SoliError, SoliNameError, SoliValueError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Value

from .interpreting import answers
from .scopes import BreakSignal, NextSignal, ReturnSignal, Scope

LOADING = object()
"""Stands for a file that is being run."""


def run_file(builtins: Scope, source: Source) -> tuple[nodes.Program, Scope, Value]:
    """Parse and run a file: its tree, its variables, the value of its last statement."""
    program = parse(source)
    scope = Scope(builtins, source, builtins.oracle, owns=True)
    return program, scope, scope.evaluate(program)


@answers(nodes.Program)
def program_(node: nodes.Program, scope: Scope) -> Value:
    """Imports come first; a stray `return`, `break` or `next` ends only its statement."""
    scope.declare(node.body)
    for statement in node.body.statements:
        if isinstance(statement, nodes.Import):
            scope.evaluate(statement)
    value = None
    try:
        for statement in node.body.statements:
            if not isinstance(statement, nodes.Import):
                value = top_level(statement, scope)
    except SoliError as error:
        error.leave_program("main program")
        raise
    return value


def top_level(node: nodes.Statement, scope: Scope) -> Value:
    try:
        return scope.body(nodes.Body(node.span, (node,)))
    except ReturnSignal as signal:
        return signal.value
    except (NextSignal, BreakSignal):
        return None


@answers(nodes.Export)
def export(node: nodes.Export, scope: Scope) -> Value:
    return scope.evaluate(node.declaration)


@answers(nodes.Import)
def import_(node: nodes.Import, scope: Scope) -> None:
    exports = exported(node.path, scope)
    if node.namespace is not None:
        module = SoliClass(node.namespace, is_module=True)
        module.statics.update(exports)
        scope.define(node.namespace, module)
        return
    items = node.items if node.items is not None else tuple((name, name) for name in exports)
    for name, local in items:
        if name not in exports:
            shown = f"Import error: '{name}' is not exported from '{node.path}'"
            raise SoliNameError(f"Module resolution error: {shown}")
        scope.define(local, exports[name])


def exported(path: str, scope: Scope) -> dict[str, Value]:
    """What the file at *path* exports; it is run once."""
    load = scope.oracle.machine.capabilities.load_module
    if load is None:
        raise CapabilityError(
            "import: not allowed here (the host did not grant the capability 'load_module')"
        )
    found = load(path, scope.source.name)
    if found is None:
        raise SoliValueError(f"Module not found: {path}")
    name, text = found
    if scope.oracle.files.get(name) is LOADING:
        chain = [one for one, state in scope.oracle.files.items() if state is LOADING]
        raise SoliValueError(f"Circular dependency: {' -> '.join([*chain, name])}")
    if name not in scope.oracle.files:
        scope.oracle.files[name] = LOADING
        program, scope, _ = run_file(scope.oracle.builtins, Source(name, text))
        scope.oracle.files[name] = exports_of(program, scope)
    exports: dict[str, Value] = scope.oracle.files[name]
    return exports


def exports_of(program: nodes.Program, scope: Scope) -> dict[str, Value]:
    found = {}
    for statement in program.body.statements:
        if isinstance(statement, nodes.Export):
            declaration: Any = statement.declaration
            if isinstance(declaration, nodes.FunctionDecl):
                declaration = declaration.function
            if declaration.name in scope.names:
                found[declaration.name] = scope.names[declaration.name]
    return found
