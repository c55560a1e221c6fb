"""What a program is made of: frozen data, no behaviour (spec/language.md §2, decisions 1-8).

Passes over nodes live elsewhere. `eq=False`: two `x` in different places are different nodes, and
identity keys stay cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .source import Source, Span


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    span: Span


class Expr(Node):
    __slots__ = ()


class Stmt(Node):
    __slots__ = ()


Statement = Stmt | Expr
"""An expression is a statement as it stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Body(Node):
    """Statements in a scope of their own; yields the value of the last one."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Program(Node):
    source: Source
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class TypeRef(Node):
    """A type annotation. Only return types are checked (spec §7.2)."""

    text: str
    """As written, for messages."""
    name: str
    """Base name; `fn` for a function type."""
    is_array: bool = False
    is_nullable: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Param(Node):
    name: str
    type: TypeRef | None = None
    default: Expr | None = None
    is_block: bool = False
    """Declared `&name`."""


@dataclass(frozen=True, slots=True, eq=False)
class FunctionNode(Node):
    """What functions, methods, constructors, lambdas and trailing blocks share."""

    name: str
    """`<lambda>` for lambdas and blocks."""
    params: tuple[Param, ...]
    return_type: TypeRef | None
    body: Body
    has_params: bool = True
    """False for a block written without `|...|`: its element is then read as `it`."""


# --- expressions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Expr):
    value: Any
    """int, float, decimal.Decimal, str, bool, None or values.Symbol."""


@dataclass(frozen=True, slots=True, eq=False)
class Interpolation(Expr):
    parts: tuple[str | Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Spread(Expr):
    """`...xs`, only as an item of an array literal."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class ArrayLiteral(Expr):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HashLiteral(Expr):
    """Bare-word keys arrive as string literals, shorthand values (`{name:}`) as `Name`."""

    pairs: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayComprehension(Expr):
    element: Expr
    variable: str
    iterable: Expr
    condition: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class HashComprehension(Expr):
    key: Expr
    value: Expr
    variable: str
    iterable: Expr
    condition: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Name(Expr):
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class This(Expr):
    """`this` or `self`; `@x` is `Member(This, "x")`."""


@dataclass(frozen=True, slots=True, eq=False)
class SuperMember(Expr):
    """`super.name`; called as `Call(SuperMember, ...)`."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Argument(Node):
    """One argument of a call; `label` for `label: value`."""

    value: Expr
    label: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SuperCall(Expr):
    """`super(args)`: the constructor of the superclass."""

    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lambda(Expr):
    function: FunctionNode


@dataclass(frozen=True, slots=True, eq=False)
class BlockExpr(Expr):
    """`{ let y = 1 y * 2 }` where an expression stands (spec §2.6, H2)."""

    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Expr):
    operator: str
    """`-` or `!` (`not` is `!`)."""
    operand: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Expr):
    operator: str
    """`+ - * / % == != < <= > >= .. <<`"""
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Logical(Expr):
    operator: str
    """`&&`, `||` or `??` (`and`, `or` are the first two)."""
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Conditional(Expr):
    """`condition ? then : otherwise`"""

    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Assign(Expr):
    """Target: Name, Member, Index (or Call, whose assignment appends the value as an argument:
    the builder rewrites that one to the Call)."""

    target: Expr
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class CompoundAssign(Expr):
    target: Expr
    operator: str
    """The binary or logical operator without `=`: `+ - * / % || && ??`."""
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Increment(Expr):
    """`x++` / `x--`: yields the old value."""

    target: Expr
    step: int


@dataclass(frozen=True, slots=True, eq=False)
class Rescue(Expr):
    """`body rescue fallback`"""

    body: Expr
    fallback: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Member(Expr):
    """`object.name`, or `object&.name` when `is_safe`. `span` begins at the receiver."""

    object: Expr
    name: str
    is_safe: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ScopedName(Expr):
    """`object::name`"""

    object: Expr
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Index(Expr):
    object: Expr
    index: Expr


@dataclass(frozen=True, slots=True, eq=False)
class SafeIndex(Expr):
    """An index that yields null for a null object: made for the left side of `??` (decision 15)."""

    object: Expr
    index: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Call(Expr):
    """A call with parentheses, a command call or a call that only has a trailing block.

    `block` is a `Lambda` (trailing block, `&:name`, `&{...}`) or any expression after `&`.
    """

    callee: Expr
    arguments: tuple[Argument, ...]
    block: Expr | None = None
    is_command: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline(Expr):
    """`value |> stage`; a stage that is a `Call` gets the value as its first argument."""

    value: Expr
    stage: Expr


@dataclass(frozen=True, slots=True, eq=False)
class New(Expr):
    """`new Outer::Inner(args)`; `target` is a Name or ScopedName."""

    target: Expr
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Next(Expr):
    """A bare `next` (or `next()`)."""


@dataclass(frozen=True, slots=True, eq=False)
class ShellCommand(Expr):
    """Backticks; parts as in `Interpolation`."""

    parts: tuple[str | Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Unsupported(Expr):
    """Parsed, but not to be had here (`@sdbql{...}`): evaluating it raises `message`."""

    message: str


# --- match -------------------------------------------------------------------------------------


class Pattern(Node):
    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class WildcardPattern(Pattern):
    """`_`"""


@dataclass(frozen=True, slots=True, eq=False)
class LiteralPattern(Pattern):
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class NamePattern(Pattern):
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class TypePattern(Pattern):
    """`Int: n`"""

    type_name: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class EnumPattern(Pattern):
    """`E.V` (`fields` is None) or `E.V(p, q)`."""

    enum: str
    variant: str
    fields: tuple[Pattern, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class ArrayPattern(Pattern):
    items: tuple[Pattern, ...]
    rest: str | None


@dataclass(frozen=True, slots=True, eq=False)
class HashPattern(Pattern):
    pairs: tuple[tuple[str, Pattern], ...]
    rest: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Arm(Node):
    pattern: Pattern
    guard: Expr | None
    body: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Match(Expr):
    subject: Expr
    arms: tuple[Arm, ...]


# --- statements --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Let(Stmt):
    name: str
    type: TypeRef | None
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Const(Stmt):
    name: str
    type: TypeRef | None
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class FunctionDecl(Stmt):
    function: FunctionNode


@dataclass(frozen=True, slots=True, eq=False)
class If(Stmt):
    """`if`, `unless` (condition negated by the builder), `elsif` (an `If` alone in `otherwise`)
    and statements with a postfix condition."""

    condition: Expr
    then: Body
    otherwise: Body | None


@dataclass(frozen=True, slots=True, eq=False)
class While(Stmt):
    condition: Expr
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class For(Stmt):
    variable: str
    index: str | None
    iterable: Expr
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class Return(Stmt):
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Break(Stmt):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Throw(Stmt):
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Handler(Node):
    """`catch`/`rescue`: `catch e`, `catch AppError e`, or bare."""

    type_name: str | None
    variable: str | None
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class Try(Stmt):
    body: Body
    handlers: tuple[Handler, ...]
    final: Body | None


@dataclass(frozen=True, slots=True, eq=False)
class BlockStmt(Stmt):
    """A bare `{ ... }` statement."""

    body: Body


# --- classes, modules, enums, files -------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class FieldDecl(Node):
    name: str
    type: TypeRef | None
    value: Expr | None
    is_static: bool
    is_const: bool


@dataclass(frozen=True, slots=True, eq=False)
class MethodDecl(Node):
    """`visibility` is `public`, `private` or `protected` and has no effect (spec §8.5)."""

    function: FunctionNode
    is_static: bool
    is_constructor: bool
    visibility: str


@dataclass(frozen=True, slots=True, eq=False)
class StaticBlock(Node):
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class Mixin(Node):
    """`include A, B` / `extend A, B`"""

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HookBlock(Node):
    """`included do ... end` / `extended do ... end`"""

    kind: str
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class ClassMethods(Node):
    """`class_methods do ... end`"""

    methods: tuple[MethodDecl, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MacroCall(Node):
    """A framework macro in a class body (`validates "name"`): parsed, ignored (spec §2.4)."""

    call: Expr


@dataclass(frozen=True, slots=True, eq=False)
class ClassDecl(Stmt):
    name: str
    superclass: str | None
    interfaces: tuple[str, ...]
    members: tuple[Node, ...]
    """FieldDecl, MethodDecl, StaticBlock, Mixin, HookBlock, ClassMethods, MacroCall, ClassDecl."""
    is_module: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class InterfaceDecl(Stmt):
    name: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Variant(Node):
    name: str
    fields: tuple[Param, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EnumDecl(Stmt):
    name: str
    variants: tuple[Variant, ...]
    methods: tuple[MethodDecl, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Import(Stmt):
    """`items` None: everything. `namespace`: the `m` of `import * as m`."""

    path: str
    items: tuple[tuple[str, str], ...] | None
    """(exported name, local name)"""
    namespace: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Export(Stmt):
    declaration: Stmt
