"""Programs and imported files (docs/spec §10)."""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import CapabilityError, SoliError, SoliNameError, SoliValueError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Value

from .interpreting import Oracle, answers
from .scopes import BreakSignal, NextSignal, ReturnSignal, Scope

LOADING = object()
"""Stands for a file that is being run."""


def run_file(oracle: Oracle, source: Source) -> tuple[nodes.Program, Scope, Value]:
    """Parse and run a file: its tree, its variables, the value of its last statement."""
    program = parse(source)
    scope = Scope(oracle.builtins, source, owns=True)
    return program, scope, oracle.evaluate(program, scope)


@answers(nodes.Program)
def program_(oracle: Oracle, node: nodes.Program, scope: Scope) -> Value:
    """Imports come first; a stray `return`, `break` or `next` ends only its statement."""
    scope.declare(node.body)
    for statement in node.body.statements:
        if isinstance(statement, nodes.Import):
            oracle.evaluate(statement, scope)
    value = None
    try:
        for statement in node.body.statements:
            if not isinstance(statement, nodes.Import):
                value = top_level(oracle, statement, scope)
    except SoliError as error:
        error.leave_program("main program")
        raise
    return value


def top_level(oracle: Oracle, node: nodes.Statement, scope: Scope) -> Value:
    try:
        return oracle.body(nodes.Body(node.span, (node,)), scope)
    except ReturnSignal as signal:
        return signal.value
    except (NextSignal, BreakSignal):
        return None


@answers(nodes.Export)
def export(oracle: Oracle, node: nodes.Export, scope: Scope) -> Value:
    return oracle.evaluate(node.declaration, scope)


@answers(nodes.Import)
def import_(oracle: Oracle, node: nodes.Import, scope: Scope) -> None:
    exports = exported(oracle, node.path, scope.source)
    if node.namespace is not None:
        module = SoliClass(node.namespace, is_module=True)
        module.statics.update(exports)
        scope.define(node.namespace, module)
        return
    items = node.items if node.items is not None else tuple((name, name) for name in exports)
    for name, local in items:
        if name not in exports:
            raise SoliNameError(
                "Module resolution error: Import error: "
                f"'{name}' is not exported from '{node.path}'"
            )
        scope.define(local, exports[name])


def exported(oracle: Oracle, path: str, source: Source) -> dict[str, Value]:
    """What the file at *path* exports; it is run once."""
    load = oracle.machine.capabilities.load_module
    if load is None:
        raise CapabilityError(
            "import: not allowed here (the host did not grant the capability 'load_module')"
        )
    found = load(path, source.name)
    if found is None:
        raise SoliValueError(f"Module not found: {path}")
    name, text = found
    if oracle.files.get(name) is LOADING:
        chain = [one for one, state in oracle.files.items() if state is LOADING]
        raise SoliValueError(f"Circular dependency: {' -> '.join([*chain, name])}")
    if name not in oracle.files:
        oracle.files[name] = LOADING
        program, scope, _ = run_file(oracle, Source(name, text))
        oracle.files[name] = exports_of(program, scope)
    exports: dict[str, Value] = oracle.files[name]
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
