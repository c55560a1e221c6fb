"""`import` and `export` between files (docs/spec §10).

Reading files is the host's business: `Capabilities.load_module`. A file is run once, in its own
scope; importing makes its exports variables of the importing file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.errors import CapabilityError, SoliError, SoliNameError, SoliValueError
from .base.source import Source
from .tree import nodes
from .values.objects import SoliClass

if TYPE_CHECKING:
    from .evaluator.scopes import FileScope
    from .interpreter import Interpreter

LOADING = object()
"""Stands for a file that is being loaded: importing it again is a cycle."""


def import_names(interpreter: Interpreter, program: nodes.Program, file: FileScope) -> None:
    """Run the files that *program* imports and bind what it imports from them."""
    for statement in program.body.statements:
        if isinstance(statement, nodes.Import):
            try:
                _import(interpreter, statement, program.source, file)
            except SoliError as error:
                error.locate(statement.span, program.source)
                raise


def _import(
    interpreter: Interpreter, statement: nodes.Import, source: Source, file: FileScope
) -> None:
    exports = _exports(interpreter, statement.path, source)
    if statement.namespace is not None:
        module = SoliClass(statement.namespace, is_module=True)
        module.statics.update(exports)
        file.set(statement.namespace, module)
        return
    items = statement.items
    if items is None:
        items = tuple((name, name) for name in exports)
    for name, local in items:
        if name not in exports:
            raise SoliNameError(
                "Module resolution error: Import error: "
                f"'{name}' is not exported from '{statement.path}'"
            )
        file.set(local, exports[name])


def _exports(interpreter: Interpreter, path: str, source: Source) -> dict[str, Any]:
    machine = interpreter.machine
    load = machine.capabilities.load_module
    if load is None:
        raise CapabilityError(
            "import: not allowed here (the host did not grant the capability 'load_module')"
        )
    found = load(path, source.name)
    if found is None:
        raise SoliValueError(f"Module not found: {path}")
    name, text = found
    known = machine.modules.get(name)
    if known is LOADING:
        chain = [one for one, program in machine.modules.items() if program is LOADING]
        raise SoliValueError(f"Circular dependency: {' -> '.join([*chain, name])}")
    if known is None:
        machine.modules[name] = LOADING
        try:
            known = interpreter.load(Source(name, text))
        except BaseException:
            del machine.modules[name]
            raise
        machine.modules[name] = known
    return known.exports()
