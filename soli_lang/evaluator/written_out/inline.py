"""Small expressions written out as one Python expression, instead of a closure per operand.

`event["type"] == "message"` or `n - 1` would be three closures calling each other, and calls are
what costs. Here such a tree becomes the text of one Python expression in which every program
value is a *bound name* and only slot numbers and small integers appear literally; program text
never does. Equal shapes give equal texts and share one compiled template (see `templates`).

What is not small (calls, literals of collections, …) stays a closure, bound as a name and called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...base.errors import SoliError
from ...native.native import NativeFunction
from ...tree import nodes
from ...values.display import to_text
from ...values.objects import Instance
from ...values.semantics import is_truthy
from ...values.values import SKIP, UNSET, Function
from ..chains import make_spine
from ..compiler import BREAK, NEXT
from ..expressions.accesses import member, method_call
from ..expressions.members import call_member
from ..expressions.names import SPECIAL
from ..scopes import THIS, Variable
from .shapes import MAX_NODES, is_near, is_quiet, is_test, soft, weight
from .templates import CLOSURE, FALLBACK, INTEGER_FORMS, OTHER_FORMS, QUIET, SPEND, maker
from .texts import interpolation, is_text, joined

if TYPE_CHECKING:
    from ..compiler import Closure, Compiler, Tables

MAX_CALLS = 4
"""Calls of builtins in each other's arguments that are written out: Python's parser has limits."""
MAX_PAIRS = 32
"""Pairs of a hash literal that are written out."""
SMALL = 2**31
SMALL_HASH = 100_000
"""Entries up to which a hash grows without a look at the limits."""

_EQUALITY = frozenset({"==", "!="})
_ALWAYS: dict[str, Any] = {
    "SPECIAL": SPECIAL,
    "UNSET": UNSET,
    "Instance": Instance,
    "is_truthy": is_truthy,
    "Function": Function,
    "SoliError": SoliError,
    "call_member": call_member,
    "to_text": to_text,
    "SKIP": SKIP,
    "NEXT": NEXT,
    "BREAK": BREAK,
}


def install(tables: Tables) -> None:
    tables.inlined = INLINED
    tables.inline = expression


class Inliner:
    """Writes expressions as text and collects what their names stand for."""

    __slots__ = ("_calls", "_count", "bindings", "compiler")

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler
        self._count = 0
        self._calls = 0
        """Calls of builtins around what is being written."""
        self.bindings: dict[str, Any] = {}

    def bind(self, value: Any, prefix: str = CLOSURE) -> str:
        """A name for *value*."""
        name = f"{prefix}{len(self.bindings)}"
        self.bindings[name] = value
        return name

    def temporary(self) -> str:
        self._count += 1
        return f"t{self._count}"

    # --- values ---

    def value(self, node: Any) -> str:
        """Python text for the value of *node*, an operand of what is being written."""
        # Each level of Soli is several calls here, and Python's stack is bounded: no helper.
        writer = _VALUES.get(node.__class__)
        text = writer(self, node) if writer is not None and self._is_small(node) else None
        if text is not None:
            return text  # type: ignore[no-any-return]
        prefix = QUIET if is_quiet(node, self.compiler.block) else CLOSURE
        return f"{self.bind(self.compiler.expr(node), prefix)}(frame)"

    def _is_small(self, node: Any) -> bool:
        """Whether *node* is few enough nodes to be written out, decided before writing any.

        (Writing first and giving up when the text is long would write every part of a long chain
        twice, and their parts twice again.)
        """
        if id(node) in self.compiler.ready:
            return False
        return weight(node, MAX_NODES) <= MAX_NODES

    def _literal(self, node: nodes.Literal) -> str:
        value = node.value
        if value.__class__ is int and -SMALL < value < SMALL:
            return f"({value})"
        if value is None or value.__class__ is bool:
            return repr(value)
        return self.bind(value, "k")

    def _name(self, node: nodes.Name) -> str | None:
        compiler = self.compiler
        variable = compiler.block.find(node.name)
        if variable is None:
            return None
        if not is_near(variable, self.compiler.block):
            return None
        place = self.place(variable)
        found = self.temporary()
        other = self.bind(compiler.closure(node), FALLBACK)
        return f"({found} if ({found} := {place}).__class__ not in SPECIAL else {other}(frame))"

    def place(self, variable: Variable) -> str:
        """Python text of the slot of a variable that is near (`shapes.is_near`)."""
        if variable.home is None:
            return f"{self._slots()}[{variable.index}]"
        return f"frame{'[0]' * self.compiler.block.hops(variable)}[{variable.index}]"

    def _slots(self) -> str:
        self.bindings["slots"] = self.compiler.scopes.file.slots
        return "slots"

    def _index(self, node: nodes.Index | nodes.SafeIndex) -> str:
        read = self.compiler.element_reader(node)
        if not (isinstance(node.index, nodes.Literal) and node.index.value.__class__ is str):
            return self._element(node, read)
        target, variable = self.operand(node.object)
        key, found = self.bind(node.index.value, "k"), self.temporary()
        if variable is None:
            otherwise = f"{self.bind(read, FALLBACK)}({found}, {key})"
        else:
            otherwise = f"{self.bind(self._read_variable(read, variable), FALLBACK)}(frame, {key})"
        return f"({found}.get({key}) if ({found} := {target}).__class__ is dict else {otherwise})"

    def _element(self, node: nodes.Index | nodes.SafeIndex, read: Any) -> str:
        """`xs[i]`, `h[key]`"""
        found, at = self.temporary(), self.temporary()
        (target, target_raw), (index, index_raw) = self.operands(node.object, node.index)
        otherwise = self.general(read, FALLBACK, (found, at), (target_raw, index_raw))
        return (
            # Both sides of the first `is` are computed, whatever they are.
            f"({found}.get({at}) if (({found} := {target}).__class__ is dict) "
            f"is (({at} := {index}).__class__ is str) is True "
            f"else {found}[{at}] if {found}.__class__ is list and {at}.__class__ is int "
            f"and -len({found}) <= {at} < len({found}) else {otherwise})"
        )

    def _read_variable(self, read: Any, variable: nodes.Name) -> Any:
        """*read* of a variable that turned out to be no hash: unset, a function, another type."""
        value = self.compiler.closure(variable)
        return lambda frame, key: read(value(frame), key)

    def _this(self, node: nodes.This) -> str | None:
        block = self.compiler.block
        variable = block.find(THIS)
        if variable is None or block.hops(variable) != 0:
            return None
        place = f"frame[{variable.index}]"
        if block.function.is_method:
            return place
        other = self.bind(self.compiler.closure(node), FALLBACK)  # a block outside of methods
        return f"({place} if {place} is not UNSET else {other}(frame))"

    def this(self) -> str | None:
        """The receiver, where it is certain to be there."""
        block = self.compiler.block
        variable = block.find(THIS)
        if variable is None or not block.function.is_method or block.hops(variable) != 0:
            return None
        return f"frame[{variable.index}]"

    def _binary(self, node: nodes.Binary) -> str | None:
        form = INTEGER_FORMS.get(node.operator)
        if form is None:
            return None
        if node.operator == "+" and is_text(self, node.left):
            return joined(self, node)
        constant = node.right.value if isinstance(node.right, nodes.Literal) else None
        a, r = self.temporary(), self.temporary()
        others, right_raw = "", None
        if constant.__class__ is int or (constant.__class__ is str and node.operator in _EQUALITY):
            left, left_raw = self.operand(node.left)
            b = self._literal(node.right)  # type: ignore[arg-type]
            test = f"({a} := {left}).__class__ is {constant.__class__.__name__}"
        else:
            b = self.temporary()
            (left, left_raw), (right, right_raw) = self.operands(node.left, node.right)
            test = f"({a} := {left}).__class__ is ({b} := {right}).__class__ is int"
            others = OTHER_FORMS.get(node.operator, "").format(a=a, b=b, op=node.operator)
        result, accept = (part.format(a=a, b=b, r=r, op=node.operator) for part in form)
        otherwise = self._slow(node, a, b, left_raw, right_raw)
        return f"({result} if {test}{accept} else {others}{otherwise})"

    def operand(self, node: Any) -> tuple[str, Any]:
        """Text of an operand; for a variable its bare slot, and the node to read it properly.

        The fast path of an operator tests operands for being numbers anyway; only when they are
        not does it matter whether a variable is unset or holds a function to be called.
        """
        if isinstance(node, nodes.Name):
            variable = self.compiler.block.find(node.name)
            if variable is not None and is_near(variable, self.compiler.block):
                return self.place(variable), node
        return self.value(node), None

    def operands(self, first: Any, second: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
        """Two operands; the first is read properly at once when the second may change things,
        or fail before it is known that the first has no value.
        """
        if isinstance(second, nodes.Literal | nodes.Name) and is_quiet(second, self.compiler.block):
            return self.operand(first), self.operand(second)
        return (self.value(first), None), self.operand(second)

    def _slow(self, node: nodes.Binary, a: str, b: str, left_raw: Any, right_raw: Any) -> str:
        """The general operation on `a` and `b`, variables among them read properly."""
        slow = self.compiler.slow_operator(node)
        return self.general(slow, FALLBACK, (a, b), (left_raw, right_raw))

    def general(
        self, operation: Any, prefix: str, names: tuple[str, ...], raw: tuple[Any, ...]
    ) -> str:
        """A call of *operation* with what *names* hold; variables among it (*raw*, or None) are
        read properly first.
        """
        listed = ", ".join(names)
        if not any(raw):
            return f"{self.bind(operation, prefix)}({listed})"
        reads = [None if node is None else self.compiler.closure(node) for node in raw]

        def resolved(frame: Any, *values: Any) -> Any:
            pairs = zip(reads, values, strict=True)
            return operation(
                *[
                    read(frame) if read is not None and value.__class__ in SPECIAL else value
                    for read, value in pairs
                ]
            )

        return f"{self.bind(resolved, prefix)}(frame, {listed})"

    def _conditional(self, node: nodes.Conditional) -> str:
        condition = self.truth(node.condition)
        return f"({self.value(node.then)} if {condition} else {self.value(node.otherwise)})"

    def _logical(self, node: nodes.Logical) -> str:
        found = self.temporary()
        if node.operator == "??":
            left = self.value(soft(node.left))
            return f"({found} if ({found} := {left}) is not None else {self.value(node.right)})"
        left, right = self.value(node.left), self.value(node.right)
        is_true = f"(({found} := {left}) is True or {found} is not False and is_truthy({found}))"
        if node.operator == "&&":
            return f"({right} if {is_true} else {found})"
        return f"({found} if {is_true} else {right})"

    def _unary(self, node: nodes.Unary) -> str | None:
        return f"(not {self.truth(node.operand)})" if node.operator == "!" else None

    def _call(self, node: nodes.Call) -> str | None:
        """A builtin or method that says how it is written out for some types (`quick`)."""
        if self._calls == MAX_CALLS:
            return None
        if isinstance(node.callee, nodes.Member):
            self._calls += 1
            text = method_call(self, node, node.callee)
            self._calls -= 1
            return text
        native = self.builtin(node)
        if native is None:
            return None
        self._calls += 1
        found, value = self.temporary(), self.value(node.arguments[0].value)
        self._calls -= 1
        forms: list[str] = []
        forms[0] = forms[0].replace(f"if {found}.", f"if ({found} := {value}).")
        slow = self.bind(self._located(native.invoke, node))
        return f"({''.join(forms)}{slow}({found}))"

    def builtin(self, node: nodes.Call) -> NativeFunction | None:
        return None

    def _located(self, invoke: Any, node: nodes.Node) -> Any:
        """*invoke* with the place of *node* in its errors."""
        span, source = node.span, self.compiler.source

        def located(value: Any) -> Any:
            try:
                return invoke(value)
            except SoliError as error:
                error.locate(span, source)
                raise

        return located

    # --- truth ---

    def truth(self, node: Any) -> str:
        """Python text that is as true as *node* is to Soli."""
        if not self._is_small(node):
            return f"{self.bind(self.compiler.condition(node))}(frame)"
        if is_test(node):
            return self.value(node)
        if isinstance(node, nodes.Logical) and node.operator != "??":
            joint = "and" if node.operator == "&&" else "or"
            return f"({self.truth(node.left)} {joint} {self.truth(node.right)})"
        found = self.temporary()
        value = self.value(node)
        return f"({found} if ({found} := {value}).__class__ is bool else is_truthy({found}))"

    def _hash(self, node: nodes.HashLiteral) -> str | None:
        """A hash with constant keys."""
        if len(node.pairs) > MAX_PAIRS:
            return None
        pairs = []
        for key, value in node.pairs:
            if not (isinstance(key, nodes.Literal) and key.value.__class__ in (str, int)):
                return None
            pairs.append(f"{self.bind(key.value, 'k')}: {self.value(value)}")
        return "{" + ", ".join(pairs) + "}"

    def assignment(self, node: nodes.Assign) -> list[str] | None:
        """Lines that leave the assigned value in `result`; None for a target out of reach."""
        target = node.target
        if isinstance(target, nodes.Name):
            variable = self.compiler.block.find(target.name)
            if variable is None or variable.is_const or not is_near(variable, self.compiler.block):
                return None
            return [f"{self.place(variable)} = result = {self.value(node.value)}"]
        if isinstance(target, nodes.Member) and isinstance(target.object, nodes.This):
            this = self.this()
            if this is None:
                return None
            put = self.bind(self.compiler.member_writer(target), FALLBACK)
            name = self.bind(target.name, "k")
            return [
                f"result = {self.value(node.value)}",
                f"if {this}.__class__ is Instance and not {this}.soli_class.has_constants:",
                f"    {this}.fields[{name}] = result",
                "else:",
                f"    {put}({this}, result)",
            ]
        if isinstance(target, nodes.Index):
            put = self.compiler.element_writer(target)
            found, at = self.temporary(), self.temporary()
            value = self.value(node.value)
            (holder, holder_raw), (index, index_raw) = self.operands(target.object, target.index)
            raw = (holder_raw, index_raw, None)
            return [
                f"result = {value}",
                f"{found} = {holder}",
                f"{at} = {index}",
                f"if {found}.__class__ is dict and {at}.__class__ is str "
                f"and len({found}) < {SMALL_HASH}: {found}[{at}] = result",
                f"else: {self.general(put, CLOSURE, (found, at, 'result'), raw)}",
            ]
        return None

    # --- making closures ---

    def make(self, *lines: str) -> Closure:
        """The closure whose body is *lines*, Python statements in terms of `frame`."""
        body = "\n".join(f"        {line}" for line in lines)
        bindings = self.bindings_for(body)
        text = f"def make({', '.join(bindings)}):\n    def run(frame):\n{body}\n    return run"
        made: Closure = maker(text)(**bindings)
        return made

    def bindings_for(self, text: str) -> dict[str, Any]:
        """What the names in *text* stand for."""
        return {
            **self.bindings,
            **{name: value for name, value in _ALWAYS.items() if name in text},
            **({SPEND: self.compiler.machine.spend} if SPEND in text else {}),
        }


_VALUES: dict[type, Any] = {
    nodes.Literal: Inliner._literal,
    nodes.Name: Inliner._name,
    nodes.This: Inliner._this,
    nodes.Logical: Inliner._logical,
    nodes.Unary: Inliner._unary,
    nodes.Index: Inliner._index,
    nodes.SafeIndex: Inliner._index,
    nodes.Member: member,
    nodes.Binary: Inliner._binary,
    nodes.Conditional: Inliner._conditional,
    nodes.HashLiteral: Inliner._hash,
    nodes.Interpolation: interpolation,
    nodes.Call: Inliner._call,
}


INLINED = frozenset(
    {
        nodes.Index,
        nodes.SafeIndex,
        nodes.Member,
        nodes.Binary,
        nodes.Logical,
        nodes.Conditional,
        nodes.HashLiteral,
        nodes.Interpolation,
    }
)
"""Nodes that are worth a template of their own; names and literals have ready closures."""


def expression(compiler: Compiler, node: Any) -> Closure:
    """A closure for the value of *node*, its small operands written out."""
    make_spine(compiler, node)
    inliner = Inliner(compiler)
    text = _VALUES[node.__class__](inliner, node)
    return compiler.closure(node) if text is None else inliner.make(f"return {text}")
