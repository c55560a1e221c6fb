"""What a class does about members and arguments that it does not expect."""

from __future__ import annotations

from ..native.native import NativeFunction
from ..values.objects import Instance, SoliClass
from ..values.values import UNSET, Value
from .methods import Method

Named = dict[str, Value] | None


def missing_function(value: Instance, missing: Method, name: str) -> NativeFunction:
    """Bare access to an unknown member of a class with `method_missing` yields a callable."""
    return NativeFunction(
        name,
        0,
        10**9,
        lambda *arguments: call_missing(missing, value, name, list(arguments), None, None),
    )


def call_missing(
    missing: Method,
    value: Instance,
    name: str,
    arguments: list[Value],
    named: Named,
    block: Value,
) -> Value:
    """`method_missing(name, args)`: a last parameter `args` takes all that is left, as an Array.

    Parameters that nothing is given for are null where they have no default.
    """
    params = [param for param in missing.code.node.params if not param.is_block]
    given: list[Value] = [name, *arguments]
    rest = bool(params) and params[-1].name == "args"
    if named:
        return missing.call(value, given, named, block)
    positional = params[:-1] if rest else params
    for param in positional[len(given) :]:
        given.append(None if param.default is None else UNSET)
    if rest:
        given = [*given[: len(positional)], given[len(positional) :]]
    return missing.call(value, given, None, block)


def constructor_hint(klass: SoliClass) -> str | None:
    """What to say where a constructor was declared in another language's words."""
    for name in ("initialize", "constructor", "__init__"):
        if klass.find_method(name) is not None:
            return f"a constructor is written `new(...)`, without `def`; `{name}` is a method"
    return None
