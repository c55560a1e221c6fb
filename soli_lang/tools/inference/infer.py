"""The door: what `soli check` says of a program by the types of its values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from ...base.foreign_words import PAIRS
from ...base.near_names import did_you_mean
from ...base.null_hints import error_hint
from ...base.source import Span
from ...evaluator.scopes import Variable
from ...meaning.types import iterated
from ...tree import nodes
from ..checking.findings import Findings, Known
from ..checking.shapes import PRINTERS
from . import calls, expressions, matching, statements
from .calls import given_by_builtin
from .classes import ClassInfo
from .contracts import Contract
from .environment import UNSET
from .judging import (
    judge_constants,
    judge_contract,
    judge_parameters,
    judge_return_type,
    judge_type_names,
    judge_value,
    unknown_key,
)
from .keys import Reads, judge_read
from .library import given_by
from .narrowing import asked, key_of
from .operators import sample
from .types import ANY, FUNCTION, NULL, Atom, Type, join, loosened
from .walk import Result, Walk

_VISITORS = (calls, expressions, matching, statements)
"""What enters itself in the tables of `walk`."""
_LONGEST_RECEIVER = 40


def type_findings(program: nodes.Program, known: Known, findings: Findings) -> None:
    """Add what fails by its types to *findings*, and what is hardly meant."""
    if known.is_test:
        return  # specs try what fails
    with suppress(RecursionError):  # nested past what the walk goes into: what was found stays
        (known.walk or TypeWalk)(program, known, findings).run()


class TypeWalk(Walk):
    """What the visitors of single kinds of nodes ask of the whole."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        super().__init__(program, known, findings)
        self.declared_types: dict[Variable, tuple[str, Type]] = {}
        """Variables with an annotation: as written, and as a type."""
        self.origins: dict[Variable, tuple[Variable, str]] = {}
        """`type = event["type"]`: variable -> (event, "type")."""
        self._choices = _choices(known)
        self._reads = Reads(program)
        self._handed: dict[tuple[int, int], Type] = {}
        """(function by id, index) -> what its only call gives it by contract."""
        self._attributes: dict[str, set[str]] | None = None
        self._is_built_openly = False

    def run(self) -> None:
        for variable, facts in self.resolution.all:
            if facts.writes >= 2 and self.resolution.home(variable) is self.resolution.root:
                self._note_import(variable)
        self.walk_body(self.program.body)
        self.environment.is_dead = False
        # Those that the host calls go first: what they were given goes on to others.
        order = sorted(
            self.resolution.nodes,
            key=lambda one: (self.contract_of(one) is None, one.span.start),
        )
        for function in order:
            if not self.was_walked(function):
                self.walk_function(function)
        names = {one.name for one in self.classes.by_node.values()} | self._interfaces()
        judge_type_names(self, names)
        judge_constants(self)
        for info in self.classes.by_node.values():
            for declared in [*info.fields.values(), *info.static_fields.values()]:
                self._judge_field(declared)

    def _judge_field(self, declared: Any) -> None:
        """The value that a field is declared with."""
        if not isinstance(declared, nodes.FieldDecl) or declared.type is None:
            return
        if isinstance(declared.value, nodes.Literal):
            what = f"'{declared.name}' is declared {declared.type.text}"
            wanted = self.annotated(declared.type)
            judge_value(self, self.infer(declared.value), wanted, declared.value, what)

    def _note_import(self, variable: Variable) -> None:
        imported = {
            name
            for one in self.program.body.statements
            if isinstance(one, nodes.Import)
            for name in [*(local for _, local in one.items or ()), one.namespace]
        }
        if variable.name in imported:
            self.environment.set(variable, ANY)

    def _interfaces(self) -> set[str]:
        body = self.program.body.statements
        found = [one.declaration if isinstance(one, nodes.Export) else one for one in body]
        return {one.name for one in found if isinstance(one, nodes.InterfaceDecl)}

    # --- functions -------------------------------------------------------------------------------

    def parameters(self, function: nodes.FunctionNode, contract: Contract | None) -> None:
        for index, param in enumerate(function.params):
            type_ = self.parameter_type(param)
            if param.type is None and contract is not None:
                type_ = contract.parameter(index)
            elif param.type is None:
                type_ = self._handed.get((id(function), index), ANY)
            if param.default is not None:
                default = self.value(param.default)
                what = f"'{param.name}' is declared {param.type.text}" if param.type else ""
                if param.type is not None and default != NULL:
                    judge_value(self, default, type_, param, what)
            variable = self.resolution.variables.get(id(param))
            if variable is not None:
                self.environment.set(variable, type_)
        if not function.params:
            self._set_it(function, ANY)

    def hand_over(self, function: nodes.FunctionNode, arguments: list[Type]) -> None:
        """What a host gave goes on to a function that nobody else calls."""
        variable = self.resolution.names_of.get(id(function))
        if variable is None or self.resolution.facts(variable).reads != 1:
            return
        for index, type_ in enumerate(arguments):
            if type_ and all(one.shape is not None and one.shape.contract for one in type_):
                self._handed[id(function), index] = type_

    def _set_it(self, function: nodes.FunctionNode, type_: Type) -> None:
        it = self.resolution.functions[id(function)].names.get("it")
        if it is not None:
            self.environment.set(it, type_)

    def parameter_type(self, param: nodes.Param) -> Type:
        """What a parameter is annotated with; a default of null lets null in."""
        type_ = self.annotated(param.type)
        is_null = isinstance(param.default, nodes.Literal) and param.default.value is None
        return join([type_, NULL]) if is_null and type_ is not ANY else type_

    def judge_results(
        self, function: nodes.FunctionNode, contract: Contract | None, results: list[Result]
    ) -> None:
        judge_return_type(self, function, results)
        if contract is not None:
            judge_parameters(self, function, contract)
        if contract is not None and contract.result is not None:
            judge_contract(self, function, contract.result, results)

    def judge_value(self, type_: Type, wanted: Type, node: nodes.Node, what: str) -> None:
        judge_value(self, type_, wanted, node, what)

    def run_block(self, function: nodes.FunctionNode, types: tuple[Type, ...]) -> Type:
        """Walk a block that is called where it stands, any number of times; what it gives."""
        block = self.resolution.functions.get(id(function))
        if block is None or self.was_walked(function):
            return ANY
        self.unsettle(function)
        self.frame.blocks.append(block)
        with self.branch(self.environment.fork()), self.apart() as results:
            self.parameters(function, None)
            for param, type_ in zip(function.params, types, strict=False):
                variable = self.resolution.variables.get(id(param))
                if variable is not None and param.type is None:
                    self.environment.set(variable, type_)
            if not function.params and types:
                self._set_it(function, types[0])
            self.walk_body(function.body, is_tail=True)
        self.frame.blocks.pop()
        type_ = join([one.type for one in results]) if results else ANY
        self.note_walked(function, type_)
        return type_

    @contextmanager
    def apart(self) -> Iterator[list[Result]]:
        """What is returned inside is not what the function gives."""
        outer, self.frame.results = self.frame.results, []
        yield self.frame.results
        self.frame.results = outer

    def bare(self, type_: Type, node: nodes.Name) -> Type:
        """What a name gives that stands without parentheses: functions may be called by that."""
        if not type_ or len(type_) != 1 or type_[0].kind != FUNCTION:
            return type_
        of = type_[0].of
        if isinstance(of, nodes.FunctionNode):
            is_called = all(one.default is not None or one.is_block for one in of.params)
            return self.result_of(of) if is_called else type_
        if node.name in PRINTERS:
            return ANY  # `print -1` is told by the pass of shapes
        return given_by(of.declaration) if getattr(of, "auto", False) else type_

    def given_by_builtin(
        self, builtin: Any, atom: Atom, name: str, arguments: list[Type], block: Type
    ) -> Type:
        return given_by_builtin(builtin, atom, name, arguments, block)

    # --- values and their parts ------------------------------------------------------------------

    def item_of(self, over: Type, node: nodes.Node) -> Type:
        """The type of what a loop goes through; reports what none can go through."""
        if not over:
            return ANY
        arrays = [one for one in over if one.kind == "array"]
        plain = [one for one in over if one.kind in _NO_SEQUENCE]
        if len(plain) == len(over):
            one = plain[0]
            value = one.literal if one.has_literal else sample(one)
            shown = iterated(value) if one.has_literal else one.kind
            message = f"Type error: cannot iterate over {shown}"
            hint = PAIRS if one.kind == "hash" else error_hint(message, self.written(node))
            if one.kind == "int":
                hint = "a counting loop is `for i in 0..n`"
            elif one.kind == "string":
                hint = "its characters are `text.chars`"
            self.error("type", message, node.span, hint)
        if len(arrays) < len(over):
            return ANY
        return join([loosened(one.item) for one in arrays])

    def key(self, atom: Atom, name: str, span: Span, at: Span, of: Type = None) -> Type:
        """The value of a key of a hash, one of the kinds *of*; reports one that it cannot have."""
        shape = atom.shape
        if shape is None:
            judge_read(self, self._reads, [atom.was], name, span, at)
            return ANY
        if name in shape.fields:
            return shape.fields[name]
        if name in self.assigned_keys or not shape.is_exact:
            return ANY
        if shape.contract:
            unknown_key(self, shape, name, at)
            return ANY
        shapes = [one.shape for one in of or (atom,)]
        keys = [one.fields if one is not None else () for one in shapes]
        is_certain = all(one is not None and one.is_exact for one in shapes)
        judge_read(self, self._reads, keys, name, span, at, is_certain=is_certain)
        return ANY

    def part_of(self, type_: Any, key: str) -> Type:
        """What is known of the value of a key of what a variable holds."""
        if type_ is UNSET or not type_:
            return ANY
        shapes = [one.shape for one in type_]
        if any(one is None or key not in one.fields for one in shapes):
            return ANY
        return join([one.fields[key] for one in shapes if one is not None])

    @cached_property
    def _asked(self) -> frozenset[Variable]:
        return asked(self.program, self.resolution.variables)

    def is_asked(self, node: Any) -> bool:
        """Whether a condition, which may rule out one value of it, is about the variable *node*."""
        return self.resolution.variables.get(id(node)) in self._asked

    def part_known(self, node: nodes.Member) -> Type:
        """What a condition told of `x.name`."""
        key = key_of(self, node)
        found: Any = self.environment.get(key) if isinstance(key, tuple) else UNSET
        return None if found is UNSET else found

    def set_member(self, target: nodes.Member, receiver: Type, type_: Type, node: Any) -> None:
        """`receiver.name = value`"""
        if not receiver:
            return
        if all(one.kind in _UNSETTABLE for one in receiver):
            message = f"Type error: cannot set property on {receiver[0].kind}"
            self.error("type", message, target.span, error_hint(message, self.written(target)))
            return
        of = receiver[0].of if len(receiver) == 1 else None
        declared = of.field(target.name) if isinstance(of, ClassInfo) else None
        if declared is not None and declared.type is not None:
            what = f"'{target.name}' is declared {declared.type.text}"
            judge_value(self, type_, self.annotated(declared.type), node, what)

    def note_origin(self, variable: Variable, value: Any) -> None:
        """Remember that *variable* is a part of another one, as long as both stay what they are."""
        key = key_of(self, value)
        if isinstance(key, tuple) and self.resolution.facts(variable).writes == 1:
            self.origins[variable] = key

    def doubt(self, node: Any, receiver: nodes.Node, message: str) -> None:
        """Warn of what may be null, and is used as if it never were."""
        written = self.written(receiver)
        name = (
            f"`{written}`" if len(written) <= _LONGEST_RECEIVER and "\n" not in written else "this"
        )
        shown = written if name != "this" else "x"
        hint = f"ask before it with `if {shown} != null`"
        if isinstance(node, nodes.Member):
            hint += f", or write `{shown}&.{node.name}`"
        self.warning("may-be-null", f"{name} may be null: {message} then", node.span, hint)

    def compared(self, node: nodes.Binary, left: Type, right: Type) -> None:
        """`event["type"] == "mesage"` is never true."""
        for type_, other in ((left, node.right), (right, node.left)):
            if isinstance(other, nodes.Literal) and isinstance(other.value, str):
                self.judge_choice(type_, other.value, other)

    def judge_choice(self, type_: Type, value: str, at: nodes.Node) -> None:
        """Warn where something with few values by contract is compared with another one."""
        texts = {one.literal for one in type_ or () if one.has_literal}
        if not type_ or len(texts) != len(type_):
            return
        for choices in self._choices:
            if texts <= choices and len(texts) > 1 and value not in choices:
                hint = did_you_mean(value, choices)
                message = f"this is never '{value}': it is {' or '.join(sorted(choices))}"
                self.warning("never-true", message, at.span, hint)

    # --- classes ---------------------------------------------------------------------------------

    @cached_property
    def own_methods(self) -> frozenset[str]:
        """Names of all methods that the program defines."""
        return frozenset(
            name
            for one in self.classes.by_node.values()
            for name in (*one.methods, *one.static_methods)
        )

    @cached_property
    def member_names(self) -> frozenset[str]:
        """Names of all members that the program reads or sets."""
        return frozenset(one.name for one in nodes.every(self.program, (nodes.Member,)))

    @cached_property
    def _reopened(self) -> list[str]:
        """Classes of the program that have the name of a builtin one."""
        return [name for name in self.classes.by_name if name in self.known.builtins]

    def may_be_added(self, name: str) -> bool:
        """Whether the program may give builtin values a method of that name."""
        if self.classes.changes_any:
            return True
        return any(name in self.classes.by_name[one].methods for one in self._reopened)

    def given_attributes(self, info: ClassInfo) -> set[str]:
        """The fields that instances get from the Hash given to `new`."""
        self._look_for_attributes()
        assert self._attributes is not None
        return set().union(*(self._attributes.get(one.name, set()) for one in info.line()))

    def attributes_are_open(self, info: ClassInfo) -> bool:
        """Whether a Hash that is not written out may give instances any fields."""
        self._look_for_attributes()
        return self._is_built_openly and info.nearest_constructor() is None

    def _look_for_attributes(self) -> None:
        if self._attributes is not None:
            return
        self._attributes = {}
        for node in nodes.every(self.program, (nodes.Call,)):
            callee = node.callee
            if isinstance(callee, nodes.Member) and callee.name == "new" and node.arguments:
                self._note_attributes(node, callee.object)

    def _note_attributes(self, node: nodes.Call, receiver: nodes.Node) -> None:
        assert self._attributes is not None
        name = receiver.name if isinstance(receiver, nodes.Name) else ""
        keys = {one.label for one in node.arguments if one.label}
        for one in node.arguments:
            if one.label is None:
                found = _literal_keys(one.value)
                self._is_built_openly = self._is_built_openly or found is None
                keys |= found or set()
        if name not in self.classes.by_name:
            self._is_built_openly = True
        self._attributes.setdefault(name, set()).update(keys)

    def first_line(self, variable: Variable) -> int:
        """The first line on which *variable* gets a value."""
        starts = [
            node.span.start for one, node, _ in self.resolution.assignments if one is variable
        ]
        starts += [one.span.start for one in self.resolution.facts(variable).declared]
        starts += self.resolution.let_places.get(variable, [])
        return self.program.source.position(min(starts)).line if starts else 0


_NO_SEQUENCE = frozenset({"int", "float", "string", "hash", "null", "bool", "symbol", "decimal"})
_UNSETTABLE = frozenset({"int", "float", "bool", "null", "string", "symbol", "decimal", "array"})


def _literal_keys(node: Any) -> set[str] | None:
    """The keys of a hash that is written out; None for anything else."""
    if isinstance(node, nodes.Literal):
        return set()
    if not isinstance(node, nodes.HashLiteral):
        return None
    keys = [key.value for key, _ in node.pairs if isinstance(key, nodes.Literal)]
    return {str(one) for one in keys} if len(keys) == len(node.pairs) else None


def _choices(known: Known) -> list[frozenset[str]]:
    """The values that keys of what a host gives have by contract."""
    found: dict[str, set[str]] = {}
    for contract in known.contracts.values():
        for atom in (one for type_ in contract.parameters for one in type_ or ()):
            for key, type_ in (atom.shape.fields if atom.shape else {}).items():
                texts = [one.literal for one in type_ or () if one.has_literal]
                found.setdefault(key, set()).update(str(one) for one in texts)
    return [frozenset(one) for one in found.values() if len(one) > 1]
