"""What a program is made of: frozen data, no behaviour (docs/spec §2).

Passes over nodes live elsewhere; what they know of a kind stands beside it, as keywords (`rows`).
Nodes are compared by identity: two `x` in different places are different nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..base.source import Source
from .census import every as every
from .node_type import Node as Node
from .node_type import NodeType
from .node_type import children as children
from .node_type import parts as parts
from .node_type import walk as walk
from .rows import ERROR as ERROR
from .rows import FUNCTION as FUNCTION
from .rows import LOOP as LOOP
from .rows import Row as Row


class Expr(Node, is_abstract=True, has_value=True):
    """Has a value."""


class Stmt(Node, is_abstract=True, has_value=None):
    """Is run for what it does."""


Statement = Stmt | Expr
"""An expression is a statement as it stands."""


class Body(Node, is_block=True, call_free=True):
    """Statements in a scope of their own; yields the value of the last one."""

    statements: tuple[Statement, ...]


class Program(Node, once=("body",)):
    __slots__ = ("_census",)  # what `every` found
    source: Source
    body: Body


class TypeRef(Node, texts=("text", "name")):
    """A type annotation. Only return types are checked (docs/spec §7.2)."""

    text: str
    """As written, for messages."""
    name: str
    """Base name; `fn` for a function type."""
    is_array: bool = False
    is_nullable: bool = False


class Param(Node, texts=("name",)):
    name: str
    type: TypeRef | None = None
    default: Expr | None = None
    is_block: bool = False
    """Declared `&name`."""


class FunctionNode(Node, is_scope=True, texts=("name",)):
    """What functions, methods, constructors, lambdas and trailing blocks share."""

    name: str
    """`<lambda>` for lambdas and blocks."""
    params: tuple[Param, ...]
    return_type: TypeRef | None
    body: Body
    has_params: bool = True
    """False for a block written without `|...|`: its element is then read as `it`."""


# --- expressions ---


class Literal(Expr, call_free=True):
    value: Any
    """int, float, decimal.Decimal, str, bool, None or values.Symbol."""


class Interpolation(Expr, call_free=True, value_class=str):
    parts: tuple[str | Expr, ...]


class Spread(Node):
    """`...xs`, only as an item of an array literal."""

    value: Expr


class ArrayLiteral(Expr, value_class=list):
    items: tuple[Expr | Spread, ...]


class HashLiteral(Expr, call_free=True, value_class=dict):
    """Bare-word keys arrive as string literals, shorthand values (`{name:}`) as `Name`."""

    pairs: tuple[tuple[Expr, Expr], ...]


class ArrayComprehension(
    Expr,
    value_class=list,
    binds=("variable",),
    inside=("element", "condition"),
    loops=("element", "condition"),
    sequence=("iterable", "condition", "element"),
    tests=("condition",),
):
    element: Expr
    variable: str
    iterable: Expr
    condition: Expr | None


class HashComprehension(
    Expr,
    value_class=dict,
    binds=("variable",),
    inside=("key", "value", "condition"),
    loops=("key", "value", "condition"),
    sequence=("iterable", "condition", "key", "value"),
    tests=("condition",),
):
    key: Expr
    value: Expr
    variable: str
    iterable: Expr
    condition: Expr | None


class Name(Expr, call_free=True, reads=("name",)):
    name: str


class This(Expr, call_free=True, reads_this=True):
    """`this` or `self`; `@x` is `Member(This, "x")`."""


class SuperMember(Expr, reads_this=True, texts=("name",)):
    """`super.name`; called as `Call(SuperMember, ...)`."""

    name: str


class Argument(Node, texts=("label",)):
    """One argument of a call; `label` for `label: value`."""

    value: Expr
    label: str | None = None


class SuperCall(Expr, reads_this=True):
    """`super(args)`: the constructor of the superclass."""

    arguments: tuple[Argument, ...]


class Lambda(Expr):
    function: FunctionNode


class BlockExpr(Expr, once=("body",), outlined=True):
    """`{ let y = 1 y * 2 }` where an expression stands (docs/spec §2.6)."""

    body: Body


class Unary(Expr, call_free=True, texts=("operator",)):
    operator: str
    """`-` or `!` (`not` is `!`)."""
    operand: Expr


COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
"""Operators of `Binary` that yield a Bool."""
BUILDING = frozenset({"..", "<<"})
"""Those that make or change a collection."""


class Binary(Expr, call_free=True, chains="left", texts=("operator",)):
    operator: str
    """`+ - * / % == != < <= > >= .. <<`"""
    left: Expr
    right: Expr


class Logical(Expr, call_free=True, chains="left", texts=("operator",), value_of=("left", "right")):
    operator: str
    """`&&`, `||` or `??` (`and`, `or` are the first two)."""
    left: Expr
    right: Expr


class Conditional(Expr, call_free=True, tests=("condition",), value_of=("then", "otherwise")):
    """`condition ? then : otherwise`"""

    condition: Expr
    then: Expr
    otherwise: Expr


class Assign(Expr, call_free=True, assigns="target", sequence=("value", "target")):
    """Target: Name, Member, Index (or Call, whose assignment appends the value as an argument:
    the builder rewrites that one to the Call)."""

    target: Expr
    value: Expr


class CompoundAssign(
    Expr, call_free=True, assigns="target", reads_target=True, texts=("operator",)
):
    target: Expr
    operator: str
    """The binary or logical operator without `=`: `+ - * / % || && ??`."""
    value: Expr


class Increment(Expr, assigns="target", reads_target=True):
    """`x++` / `x--`: yields the old value."""

    target: Expr
    step: int


class Rescue(Expr):
    """`body rescue fallback`"""

    body: Expr
    fallback: Expr


class Member(Expr, call_free=True, chains="object", texts=("name",)):
    """`object.name`, or `object&.name` when `is_safe`. `span` begins at the receiver."""

    object: Expr
    name: str
    is_safe: bool = False


class ScopedName(Expr, texts=("name",)):
    """`object::name`"""

    object: Expr
    name: str


class Index(Expr, call_free=True, chains="object"):
    object: Expr
    index: Expr


class SafeIndex(Expr, call_free=True):
    """An index that yields null for a null object: made for the left side of `??` (§4.3)."""

    object: Expr
    index: Expr


class Call(Expr, chains="receiver"):
    """A call with parentheses, a command call or a call that only has a trailing block.

    `block` is a `Lambda` (trailing block, `&:name`, `&{...}`) or any expression after `&`.
    """

    callee: Expr
    arguments: tuple[Argument, ...]
    block: Expr | None = None
    is_command: bool = False

    @property
    def receiver(self) -> Expr | None:
        return self.callee.object if isinstance(self.callee, Member) else None


class Pipeline(Expr):
    """`value |> stage`; a stage that is a `Call` gets the value as its first argument."""

    value: Expr
    stage: Expr


class New(Expr):
    """`new Outer::Inner(args)`; `target` is a Name or ScopedName."""

    target: Expr
    arguments: tuple[Argument, ...]


class Next(Expr, call_free=True, has_value=False, leaves=LOOP):
    """A bare `next` (or `next()`)."""


class ShellCommand(Expr):
    """Backticks; parts as in `Interpolation`."""

    parts: tuple[str | Expr, ...]


class Unsupported(Expr, texts=("message",)):
    """Parsed, but not to be had here (`@sdbql{...}`): evaluating it raises `message`."""

    message: str


# --- match ---


class Pattern(Node, is_abstract=True):
    """One side of a `match` arm."""


class WildcardPattern(Pattern):
    """`_`"""


class LiteralPattern(Pattern):
    value: Any


class NamePattern(Pattern, matches="name"):
    name: str


class TypePattern(Pattern, matches="name", texts=("type_name",)):
    """`Int: n`"""

    type_name: str
    name: str


class EnumPattern(Pattern, reads=("enum",), texts=("variant",)):
    """`E.V` (`fields` is None) or `E.V(p, q)`."""

    enum: str
    variant: str
    fields: tuple[Pattern, ...] | None


class ArrayPattern(Pattern, matches="rest"):
    items: tuple[Pattern, ...]
    rest: str | None


class HashPattern(Pattern, matches="rest"):
    pairs: tuple[tuple[str, Pattern], ...]
    rest: str | None


class Arm(Node, tests=("guard",)):
    pattern: Pattern
    guard: Expr | None
    body: Expr


class Match(Expr):
    subject: Expr
    arms: tuple[Arm, ...]


# --- statements ---


class Let(Stmt, has_value=False, declares="name"):
    name: str
    type: TypeRef | None
    value: Expr | None


class Const(Stmt, has_value=False, declares="name"):
    name: str
    type: TypeRef | None
    value: Expr


class FunctionDecl(Stmt, has_value=False, declares="name"):
    function: FunctionNode

    @property
    def name(self) -> str:
        return self.function.name


class If(Stmt, has_value=True, call_free=True, once=("then", "otherwise"), tests=("condition",)):
    """`if`, `unless` (condition negated by the builder), `elsif` (an `If` alone in `otherwise`)
    and statements with a postfix condition."""

    condition: Expr
    then: Body
    otherwise: Body | None


class While(Stmt, has_value=False, loops=("condition", "body"), tests=("condition",)):
    condition: Expr
    body: Body


class For(Stmt, has_value=False, binds=("variable", "index"), inside=("body",), loops=("body",)):
    variable: str
    index: str | None
    iterable: Expr
    body: Body


class Return(Stmt, has_value=False, call_free=True, leaves=FUNCTION):
    value: Expr | None


class Break(Stmt, has_value=False, leaves=LOOP):
    """`break`"""


class Throw(Stmt, has_value=False, leaves=ERROR):
    value: Expr


class Handler(Node, binds=("variable",), inside=("body",), once=("body",), texts=("type_name",)):
    """`catch`/`rescue`: `catch e`, `catch AppError e`, or bare."""

    type_name: str | None
    variable: str | None
    body: Body


class Try(Stmt, has_value=True, once=("body", "final"), outlined=True):
    body: Body
    handlers: tuple[Handler, ...]
    final: Body | None


class BlockStmt(Stmt, has_value=True, once=("body",)):
    """A bare `{ ... }` statement."""

    body: Body


# --- classes, modules, enums, files ---


class FieldDecl(Node, texts=("name",)):
    name: str
    type: TypeRef | None
    value: Expr | None
    is_static: bool
    is_const: bool


class MethodDecl(Node, texts=("visibility",)):
    """`visibility` is `public`, `private` or `protected` and has no effect (docs/spec §8.5)."""

    function: FunctionNode
    is_static: bool
    is_constructor: bool
    visibility: str


class StaticBlock(Node, once=("body",)):
    body: Body


class Mixin(Node, reads=("names",), texts=("kind",)):
    """`include A, B` / `extend A, B`"""

    kind: str
    names: tuple[str, ...]


class HookBlock(Node, once=("body",), texts=("kind",)):
    """`included do ... end` / `extended do ... end`"""

    kind: str
    body: Body


class ClassMethods(Node):
    """`class_methods do ... end`"""

    methods: tuple[MethodDecl, ...]


class MacroCall(Expr):
    """A call in a class body (`validates "name"`, `audited`), of a static method of the class.

    Its value is null where there is none but a framework has a macro of that name.
    """

    call: Expr
    """A `Call` of a `Name`, or a `Name`."""

    @property
    def name(self) -> str:
        callee = self.call.callee if isinstance(self.call, Call) else self.call
        return callee.name if isinstance(callee, Name) else ""


class ClassDecl(
    Stmt,
    has_value=False,
    is_scope=True,
    declares="name",
    reads=("superclass",),
    texts=("interfaces",),
):
    name: str
    superclass: str | None
    interfaces: tuple[str, ...]
    members: tuple[Node, ...]
    """FieldDecl, MethodDecl, StaticBlock, Mixin, HookBlock, ClassMethods, MacroCall, ClassDecl."""
    is_module: bool = False


class InterfaceDecl(Stmt, has_value=False, texts=("name", "methods")):
    name: str
    methods: tuple[str, ...]


class Variant(Node, texts=("name",)):
    name: str
    fields: tuple[Param, ...]


class EnumDecl(Stmt, has_value=False, is_scope=True, declares="name"):
    name: str
    variants: tuple[Variant, ...]
    methods: tuple[MethodDecl, ...]


class Import(Stmt, has_value=False, texts=("path", "items", "namespace")):
    """`items` None: everything. `namespace`: the `m` of `import * as m`."""

    path: str
    items: tuple[tuple[str, str], ...] | None
    """(exported name, local name)"""
    namespace: str | None


class Export(Stmt, has_value=False):
    declaration: Stmt


def kinds(holds: Callable[[Row], Any]) -> frozenset[type]:
    """The kinds of nodes of whose row that *holds*."""
    return frozenset(kind for kind in NodeType.kinds.values() if holds(kind.row))


SCOPES = kinds(lambda row: row.is_scope)
"""Kinds with variables of their own: functions, classes, enums."""
