"""Python's own syntax nodes, with positions that need not be given.

A node's line is not a line of text but the number of a *place* in the program (`places`); 1 is no
place. `_ast` is what the module `ast` is made of, without what that imports.
"""

from __future__ import annotations

import _ast
from typing import Any

NOWHERE = 1
"""The line of nodes that cannot fail, or whose failures are somebody else's."""

LOAD, STORE = _ast.Load(), _ast.Store()


def _positioned(kind: Any) -> Any:
    at = {"lineno": NOWHERE, "col_offset": 0, "end_lineno": NOWHERE, "end_col_offset": 0}
    return type(kind.__name__, (kind,), {**at, "__slots__": ()})


def _made(name: str) -> Any:
    return _positioned(getattr(_ast, name))


Assign, Attribute, BinOp, BoolOp, Break = map(
    _made, ("Assign", "Attribute", "BinOp", "BoolOp", "Break")
)
Call, Compare, Constant, Continue, Dict, ExceptHandler = map(
    _made, ("Call", "Compare", "Constant", "Continue", "Dict", "ExceptHandler")
)
Expr, For, FormattedValue, FunctionDef, If, IfExp = map(
    _made, ("Expr", "For", "FormattedValue", "FunctionDef", "If", "IfExp")
)
JoinedStr, List, Name, NamedExpr, Nonlocal = map(
    _made, ("JoinedStr", "List", "Name", "NamedExpr", "Nonlocal")
)
Pass, Raise, Return, Subscript, Try = map(_made, ("Pass", "Raise", "Return", "Subscript", "Try"))
Slice, Tuple, UnaryOp, While, Yield, Argument = map(
    _made, ("Slice", "Tuple", "UnaryOp", "While", "Yield", "arg")
)

IntText = _made("JoinedStr")
"""What `shown` gives."""

AND, OR = _ast.And(), _ast.Or()
_NOT, _MINUS = _ast.Not(), _ast.USub()
BINARY: dict[str, Any] = {
    "+": _ast.Add(),
    "-": _ast.Sub(),
    "*": _ast.Mult(),
    "%": _ast.Mod(),
    "//": _ast.FloorDiv(),
    ">>": _ast.RShift(),
    "/": _ast.Div(),
}
COMPARE: dict[str, Any] = {
    "==": _ast.Eq(),
    "!=": _ast.NotEq(),
    "<": _ast.Lt(),
    "<=": _ast.LtE(),
    ">": _ast.Gt(),
    ">=": _ast.GtE(),
    "is": _ast.Is(),
    "is not": _ast.IsNot(),
    "in": _ast.In(),
    "not in": _ast.NotIn(),
}

# --- expressions ---


def name(identifier: str) -> Any:
    return Name(identifier, LOAD)


def constant(value: Any) -> Any:
    return Constant(value)


def none() -> Any:
    return Constant(None)


def call(function: Any, *arguments: Any, at: int = NOWHERE) -> Any:
    """A call; *function* is a node or the identifier of a helper."""
    if function.__class__ is str:
        function = Name(function, LOAD)
    if at == NOWHERE:
        return Call(function, list(arguments), [])
    return Call(function, list(arguments), [], lineno=at, end_lineno=at)


def length(value: Any) -> Any:
    """`len(value)`"""
    if isinstance(value, Constant) and value.value.__class__ is str:
        return Constant(len(value.value))
    return call("len", value)


def is_short(text: Any, most: int) -> bool:
    """Whether *text*, of a String, has *most* characters at most whatever happens."""
    if isinstance(text, Constant):
        return len(text.value) <= most
    return isinstance(getattr(text, "value", None), IntText)  # to which a name is given


def attribute(value: Any, identifier: str) -> Any:
    if value.__class__ is str:
        value = Name(value, LOAD)
    return Attribute(value, identifier, LOAD)


def shown(value: Any) -> Any:
    """The text of an Int."""
    return IntText([FormattedValue(value, -1, None)])


def method(value: Any, identifier: str, *arguments: Any) -> Any:
    return Call(attribute(value, identifier), list(arguments), [])


def item(value: Any, index: Any) -> Any:
    return Subscript(value, index, LOAD)


def bound(identifier: str, value: Any) -> Any:
    """`(identifier := value)`"""
    return NamedExpr(Name(identifier, STORE), value)


def kind(value: Any) -> Any:
    """`value.__class__`"""
    return Attribute(value, "__class__", LOAD)


def compare(left: Any, operator: str, right: Any) -> Any:
    if operator == "is" and isinstance(left, Constant) and isinstance(right, Constant):
        return constant(left.value is right.value)  # Python warns of what it can see is false
    return Compare(left, [COMPARE[operator]], [right])


def chain(left: Any, *rest: Any) -> Any:
    """`left op right op right …`: *rest* are operators and nodes in turn."""
    return Compare(left, [COMPARE[one] for one in rest[::2]], list(rest[1::2]))


def is_kind(value: Any, identifier: str) -> Any:
    """`value.__class__ is identifier`"""
    if isinstance(value, Constant):
        return constant(value.value.__class__.__name__ == identifier)
    return compare(kind(value), "is", Name(identifier, LOAD))


def binary(left: Any, operator: str, right: Any) -> Any:
    return BinOp(left, BINARY[operator], right)


def both(*values: Any) -> Any:
    return values[0] if len(values) == 1 else BoolOp(AND, list(values))


def either(*values: Any) -> Any:
    return values[0] if len(values) == 1 else BoolOp(OR, list(values))


def negation(value: Any) -> Any:
    return UnaryOp(_NOT, value)


def minus(value: Any) -> Any:
    return UnaryOp(_MINUS, value)


def choice(condition: Any, then: Any, otherwise: Any) -> Any:
    """`then if condition else otherwise`"""
    return IfExp(condition, then, otherwise)


# --- statements ---


def assign(identifier: str, value: Any) -> Any:
    return Assign([Name(identifier, STORE)], value)


def assign_all(identifiers: list[str], value: Any) -> Any:
    return Assign([Name(one, STORE) for one in identifiers], value)


def put(target: Any, index: Any, value: Any) -> Any:
    """`target[index] = value`"""
    return Assign([Subscript(target, index, STORE)], value)


def set_attribute(target: Any, identifier: str, value: Any) -> Any:
    if target.__class__ is str:
        target = Name(target, LOAD)
    return Assign([Attribute(target, identifier, STORE)], value)


def run(value: Any) -> Any:
    return Expr(value)


def done(value: Any) -> list[Any]:
    """Statements that do what computing *value* does."""
    if isinstance(value, (Name, Constant)):
        return []
    if isinstance(value, IfExp):
        return [when(value.test, done(value.body), done(value.orelse))]
    if isinstance(value, BoolOp) and isinstance(value.values[-1], Name):
        return done(either(*value.values[:-1])) if value.op is OR else [run(value)]
    return [run(value)]


def give(value: Any) -> Any:
    return Return(value)


def when(condition: Any, then: list[Any], otherwise: list[Any] | None = None) -> Any:
    return If(condition, then or [Pass()], otherwise or [])


def attempt(body: list[Any], kinds: str, error: str, handler: list[Any], final: Any = None) -> Any:
    """`try: body except kinds as error: handler` (and `finally: final`)."""
    handlers = [ExceptHandler(Name(kinds, LOAD), error, handler)]
    return Try(body or [Pass()], handlers, [], final or [])


def function(identifier: str, parameters: list[str], optional: int, body: list[Any]) -> Any:
    """`def identifier(parameters): body`; the last *optional* parameters are UNSET by default."""
    given = _ast.arguments(
        [], [Argument(one, None) for one in parameters], None, [], [], None,
        [Name("UNSET", LOAD) for _ in range(optional)],
    )  # fmt: skip
    return FunctionDef(identifier, given, body or [Pass()], [], None, None)


def module(body: list[Any]) -> Any:
    return _ast.Module(body, [])
