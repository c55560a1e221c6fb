"""Soli's standard library: the builtins of the language, plugged in through `soli_lang.native`.

`install` is what an `Interpreter` takes as its library. A new module is one line in `MODULES`:
everything it declares with `function`, `method` and `static` is installed, for the native types
that it lists in `TYPES` too.
"""

from __future__ import annotations

from types import ModuleType

from soli_lang.machine.machine import Machine
from soli_lang.native.native import declarations
from soli_lang.native.native import install as _install_declared
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Value

from .globals import functions as globals
from .globals import math as math_functions
from .globals import unsupported
from .json import text as json_text
from .security import ciphers, crypto, identifiers, tokens
from .stores import (
    cache,
    key_value_changes,
    key_value_hashes,
    key_value_lists,
    key_value_sets,
    key_values,
    rate_limiter,
)
from .system import environment, files, processes
from .system import globs as file_globs
from .text import encodings, locales, markup, regex
from .time import clock_freezing, datetime_values, durations, schedules
from .types import (
    array_callbacks,
    array_fields,
    array_numbers,
    arrays,
    decimals,
    floats,
    hashes,
    integers,
    scalars,
    string_patterns,
    string_shapes,
    strings,
    universal,
)
from .types import collection_classes as collections_classes
from .types import error_classes as errors_classes
from .validation import permit as validation
from .validation import validators

MODULES: tuple[ModuleType, ...] = (
    universal,
    scalars,
    integers,
    floats,
    decimals,
    strings,
    string_shapes,
    string_patterns,
    arrays,
    array_callbacks,
    array_numbers,
    array_fields,
    hashes,
    globals,
    json_text,
    math_functions,
    regex,
    datetime_values,
    durations,
    clock_freezing,
    locales,
    encodings,
    crypto,
    ciphers,
    identifiers,
    tokens,
    markup,
    validators,
    validation,
    environment,
    files,
    file_globs,
    processes,
    cache,
    key_values,
    key_value_changes,
    key_value_hashes,
    key_value_lists,
    key_value_sets,
    rate_limiter,
    schedules,
    unsupported,
)
"""Everything with declarations. A later module's names replace an earlier one's."""

__all__ = ["MODULES", "install"]


def install(machine: Machine) -> None:
    """Give *machine* the whole standard library."""
    errors_classes.install(machine)
    collections_classes.install(machine)
    for module in MODULES:
        _install_declared(machine, declarations(module), getattr(module, "TYPES", None))
    for klass in [value for value in machine.globals.values() if isinstance(value, SoliClass)]:
        if klass.instantiate is None and "new" in klass.statics:
            klass.instantiate = _make_with_new


def _make_with_new(
    klass: SoliClass, arguments: list[Value], named: dict[str, Value] | None = None
) -> Value:
    """`new RateLimiter(…)` is `RateLimiter.new(…)` (docs/spec §8.2)."""
    return klass.statics["new"].soli_call(arguments, named, None)
