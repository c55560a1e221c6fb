"""Soli's standard library: the builtins of the language, plugged in through `soli_lang.native`.

`install` is what an `Interpreter` takes as its library. A new module is one line in `MODULES`:
everything it declares with `function`, `method` and `static` is installed, for the native types
that it lists in `TYPES` too.
"""

from __future__ import annotations

from types import ModuleType

from soli_lang.machine import Machine
from soli_lang.native import declarations
from soli_lang.native import install as _install_declared
from soli_lang.objects import SoliClass
from soli_lang.values import Value

from . import (
    array_callbacks,
    array_fields,
    array_numbers,
    arrays,
    cache,
    ciphers,
    clock_freezing,
    collections_classes,
    crypto,
    datetime_values,
    decimals,
    durations,
    encodings,
    environment,
    errors_classes,
    file_globs,
    files,
    floats,
    globals,
    hashes,
    identifiers,
    integers,
    json_text,
    key_value_hashes,
    key_value_lists,
    key_value_sets,
    key_values,
    locales,
    markup,
    math_functions,
    processes,
    rate_limiter,
    regex,
    scalars,
    schedules,
    string_patterns,
    string_shapes,
    strings,
    tokens,
    universal,
    unsupported,
    validation,
    validators,
)

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
    """`new RateLimiter(…)` is `RateLimiter.new(…)` (decision 12)."""
    return klass.statics["new"].soli_call(arguments, named, None)
