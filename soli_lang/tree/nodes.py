"""What a program is made of: frozen data, no behaviour (docs/spec §2).

Passes over nodes live elsewhere. Nodes are compared by identity: two `x` in different places are
different nodes.
"""

from __future__ import annotations

from typing import Any

from ..base.source import Source
from .node_type import Node as Node
from .node_type import children as children
from .node_type import walk as walk


class Expr(Node):
    """Has a value."""


class Stmt(Node):
    """Is run for what it does."""


Statement = Stmt | Expr
"""An expression is a statement as it stands."""


class Body(Node):
    """Statements in a scope of their own; yields the value of the last one."""

    statements: tuple[Statement, ...]


class Program(Node):
    source: Source
    body: Body


class TypeRef(Node):
    """A type annotation. Only return types are checked (docs/spec §7.2)."""

    text: str
    """As written, for messages."""
    name: str
    """Base name; `fn` for a function type."""
    is_array: bool = False
    is_nullable: bool = False


class Param(Node):
    name: str
    type: TypeRef | None = None
    default: Expr | None = None
    is_block: bool = False
    """Declared `&name`."""


class FunctionNode(Node):
    """What functions, methods, constructors, lambdas and trailing blocks share."""

    name: str
    """`<lambda>` for lambdas and blocks."""
    params: tuple[Param, ...]
    return_type: TypeRef | None
    body: Body
    has_params: bool = True
    """False for a block written without `|...|`: its element is then read as `it`."""


# --- expressions ---


class Literal(Expr):
    value: Any
    """int, float, decimal.Decimal, str, bool, None or values.Symbol."""


class Interpolation(Expr):
    parts: tuple[str | Expr, ...]


class Spread(Expr):
    """`...xs`, only as an item of an array literal."""

    value: Expr


class ArrayLiteral(Expr):
    items: tuple[Expr, ...]


class HashLiteral(Expr):
    """Bare-word keys arrive as string literals, shorthand values (`{name:}`) as `Name`."""

    pairs: tuple[tuple[Expr, Expr], ...]


class ArrayComprehension(Expr):
    element: Expr
    variable: str
    iterable: Expr
    condition: Expr | None


class HashComprehension(Expr):
    key: Expr
    value: Expr
    variable: str
    iterable: Expr
    condition: Expr | None


class Name(Expr):
    name: str


class This(Expr):
    """`this` or `self`; `@x` is `Member(This, "x")`."""


class SuperMember(Expr):
    """`super.name`; called as `Call(SuperMember, ...)`."""

    name: str


class Argument(Node):
    """One argument of a call; `label` for `label: value`."""

    value: Expr
    label: str | None = None


class SuperCall(Expr):
    """`super(args)`: the constructor of the superclass."""

    arguments: tuple[Argument, ...]


class Lambda(Expr):
    function: FunctionNode


class BlockExpr(Expr):
    """`{ let y = 1 y * 2 }` where an expression stands (docs/spec §2.6)."""

    body: Body


class Unary(Expr):
    operator: str
    """`-` or `!` (`not` is `!`)."""
    operand: Expr


COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
"""Operators of `Binary` that yield a Bool."""


class Binary(Expr):
    operator: str
    """`+ - * / % == != < <= > >= .. <<`"""
    left: Expr
    right: Expr


class Logical(Expr):
    operator: str
    """`&&`, `||` or `??` (`and`, `or` are the first two)."""
    left: Expr
    right: Expr


class Conditional(Expr):
    """`condition ? then : otherwise`"""

    condition: Expr
    then: Expr
    otherwise: Expr


class Assign(Expr):
    """Target: Name, Member, Index (or Call, whose assignment appends the value as an argument:
    the builder rewrites that one to the Call)."""

    target: Expr
    value: Expr


class CompoundAssign(Expr):
    target: Expr
    operator: str
    """The binary or logical operator without `=`: `+ - * / % || && ??`."""
    value: Expr


class Increment(Expr):
    """`x++` / `x--`: yields the old value."""

    target: Expr
    step: int


class Rescue(Expr):
    """`body rescue fallback`"""

    body: Expr
    fallback: Expr


class Member(Expr):
    """`object.name`, or `object&.name` when `is_safe`. `span` begins at the receiver."""

    object: Expr
    name: str
    is_safe: bool = False


class ScopedName(Expr):
    """`object::name`"""

    object: Expr
    name: str


class Index(Expr):
    object: Expr
    index: Expr


class SafeIndex(Expr):
    """An index that yields null for a null object: made for the left side of `??` (§4.3)."""

    object: Expr
    index: Expr


class Call(Expr):
    """A call with parentheses, a command call or a call that only has a trailing block.

    `block` is a `Lambda` (trailing block, `&:name`, `&{...}`) or any expression after `&`.
    """

    callee: Expr
    arguments: tuple[Argument, ...]
    block: Expr | None = None
    is_command: bool = False


class Pipeline(Expr):
    """`value |> stage`; a stage that is a `Call` gets the value as its first argument."""

    value: Expr
    stage: Expr


class New(Expr):
    """`new Outer::Inner(args)`; `target` is a Name or ScopedName."""

    target: Expr
    arguments: tuple[Argument, ...]


class Next(Expr):
    """A bare `next` (or `next()`)."""


class ShellCommand(Expr):
    """Backticks; parts as in `Interpolation`."""

    parts: tuple[str | Expr, ...]


class Unsupported(Expr):
    """Parsed, but not to be had here (`@sdbql{...}`): evaluating it raises `message`."""

    message: str


# --- match ---


class Pattern(Node):
    """One side of a `match` arm."""


class WildcardPattern(Pattern):
    """`_`"""


class LiteralPattern(Pattern):
    value: Any


class NamePattern(Pattern):
    name: str


class TypePattern(Pattern):
    """`Int: n`"""

    type_name: str
    name: str


class EnumPattern(Pattern):
    """`E.V` (`fields` is None) or `E.V(p, q)`."""

    enum: str
    variant: str
    fields: tuple[Pattern, ...] | None


class ArrayPattern(Pattern):
    items: tuple[Pattern, ...]
    rest: str | None


class HashPattern(Pattern):
    pairs: tuple[tuple[str, Pattern], ...]
    rest: str | None


class Arm(Node):
    pattern: Pattern
    guard: Expr | None
    body: Expr


class Match(Expr):
    subject: Expr
    arms: tuple[Arm, ...]


# --- statements ---


class Let(Stmt):
    name: str
    type: TypeRef | None
    value: Expr | None


class Const(Stmt):
    name: str
    type: TypeRef | None
    value: Expr


class FunctionDecl(Stmt):
    function: FunctionNode


class If(Stmt):
    """`if`, `unless` (condition negated by the builder), `elsif` (an `If` alone in `otherwise`)
    and statements with a postfix condition."""

    condition: Expr
    then: Body
    otherwise: Body | None


class While(Stmt):
    condition: Expr
    body: Body


class For(Stmt):
    variable: str
    index: str | None
    iterable: Expr
    body: Body


class Return(Stmt):
    value: Expr | None


class Break(Stmt):
    """`break`"""


class Throw(Stmt):
    value: Expr


class Handler(Node):
    """`catch`/`rescue`: `catch e`, `catch AppError e`, or bare."""

    type_name: str | None
    variable: str | None
    body: Body


class Try(Stmt):
    body: Body
    handlers: tuple[Handler, ...]
    final: Body | None


class BlockStmt(Stmt):
    """A bare `{ ... }` statement."""

    body: Body


# --- classes, modules, enums, files ---


class FieldDecl(Node):
    name: str
    type: TypeRef | None
    value: Expr | None
    is_static: bool
    is_const: bool


class MethodDecl(Node):
    """`visibility` is `public`, `private` or `protected` and has no effect (docs/spec §8.5)."""

    function: FunctionNode
    is_static: bool
    is_constructor: bool
    visibility: str


class StaticBlock(Node):
    body: Body


class Mixin(Node):
    """`include A, B` / `extend A, B`"""

    kind: str
    names: tuple[str, ...]


class HookBlock(Node):
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


class ClassDecl(Stmt):
    name: str
    superclass: str | None
    interfaces: tuple[str, ...]
    members: tuple[Node, ...]
    """FieldDecl, MethodDecl, StaticBlock, Mixin, HookBlock, ClassMethods, MacroCall, ClassDecl."""
    is_module: bool = False


class InterfaceDecl(Stmt):
    name: str
    methods: tuple[str, ...]


class Variant(Node):
    name: str
    fields: tuple[Param, ...]


class EnumDecl(Stmt):
    name: str
    variants: tuple[Variant, ...]
    methods: tuple[MethodDecl, ...]


class Import(Stmt):
    """`items` None: everything. `namespace`: the `m` of `import * as m`."""

    path: str
    items: tuple[tuple[str, str], ...] | None
    """(exported name, local name)"""
    namespace: str | None


class Export(Stmt):
    declaration: Stmt
