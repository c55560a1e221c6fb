"""The walk over a program: what is known where, function by function.

How statements and expressions are walked stands in `statements`, `expressions` and `calls`; here is
what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from ...base.errors import LONGEST_PIECE
from ...base.null_hints import error_hint
from ...base.source import Span
from ...evaluator.scopes import Block, Variable
from ...tree import nodes
from ...tree.rows import Row
from ...values.objects import SoliClass
from ..checking.findings import ERROR, WARNING, Finding, Findings, Known
from .annotations import annotated
from .classes import Classes, ClassInfo
from .contracts import Contract
from .environment import UNSET, Environment
from .resolving import Resolution, assigned_keys
from .types import ANY, CLASS, DOUBT, FUNCTION, NULL, Atom, Type, holds_parts, join, loosened

_SHARED: Final = frozenset({"array", "hash"})
"""Kinds of values that others see changed."""
MOST_CALLS: Final = 6
"""How deep functions are looked into for what they give, before their own turn has come."""


class Result:
    """One value that a function may give."""

    __slots__ = ("is_implicit", "node", "type")

    def __init__(self, type_: Type, node: nodes.Node | None, *, is_implicit: bool) -> None:
        self.type = type_
        self.node = node
        self.is_implicit = is_implicit
        """Whether the end is reached without a value, which gives null."""


class Frame:
    """What is known while one function is walked."""

    __slots__ = ("blocks", "environment", "owner", "quiet", "results")

    def __init__(self, block: Block, owner: ClassInfo | None, *, quiet: bool) -> None:
        self.blocks = [block]
        """The functions whose variables the environment knows: itself, and blocks that it runs."""
        self.environment = Environment()
        self.owner = owner
        """The class whose instance `this` is."""
        self.quiet = int(quiet)
        """How many reasons there are to report nothing."""
        self.results: list[Result] = []


class Walk:
    """One program."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        self.program = program
        self.known = known
        self.text = program.source.text
        self.resolution = Resolution(program)
        self.classes = Classes(program, is_open=False)
        self.sees_not_all = bool(known.names) or self._imports(program)
        """Whether other files may add to classes, or to what builtin values can do."""
        self.assigned_keys = assigned_keys(program)
        self.frame = Frame(self.resolution.root, None, quiet=False)
        self._findings = findings
        self._reported: set[tuple[int, str]] = set()
        self._results: dict[int, Type] = {}
        self._final: dict[Variable, Type] = {}
        self._running: list[int] = []
        self.running: nodes.FunctionNode | None = None
        """The function that is walked; None: the top level."""
        self.chained: set[int] = set()
        """The `if` (by id) of each `elsif`."""
        self._paths: dict[Variable, set[str]] = {}

    def _imports(self, program: nodes.Program) -> bool:
        return any(isinstance(one, nodes.Import) for one in program.body.statements)

    # --- reporting -------------------------------------------------------------------------------

    @property
    def is_silent(self) -> bool:
        return bool(self.frame.quiet) or self.environment.is_dead

    def report(
        self, severity: str, code: str, message: str, span: Span, hint: str | None = None
    ) -> None:
        """Note a finding, once, unless failing here may be meant or nothing gets here."""
        if self.is_silent or (span.start, code) in self._reported:
            return
        self._reported.add((span.start, code))
        source = self.program.source
        if severity == ERROR and span.end - span.start <= LONGEST_PIECE:
            hint = hint or error_hint(message, source.text[span.start : span.end])
        self._findings.all.append(Finding(severity, code, message, source, span, hint))

    def error(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.report(ERROR, code, message, span, hint)

    def warning(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.report(WARNING, code, message, span, hint)

    @contextmanager
    def silence(self, is_on: bool = True) -> Iterator[None]:
        """Report nothing inside."""
        self.frame.quiet += is_on
        yield
        self.frame.quiet -= is_on

    def written(self, node: nodes.Node) -> str:
        """The text of *node*."""
        return self.text[node.span.start : node.span.end]

    # --- variables -------------------------------------------------------------------------------

    @property
    def environment(self) -> Environment:
        return self.frame.environment

    @contextmanager
    def branch(self, environment: Environment) -> Iterator[Environment]:
        """Walk with *environment* inside."""
        outer, self.frame.environment = self.frame.environment, environment
        yield environment
        self.frame.environment = outer

    def is_own(self, variable: Variable) -> bool:
        """Whether the environment knows the values of *variable* in their order."""
        facts = self.resolution.facts(variable)
        return not facts.is_set_elsewhere and self.resolution.home(variable) in self.frame.blocks

    def read(self, variable: Variable) -> Any:
        """The type of *variable* here; UNSET where it certainly has no value yet."""
        found = self.environment.get(variable)
        if found is not UNSET:
            return found
        if self.is_own(variable):
            return UNSET
        return self._from_outside(variable)

    def _from_outside(self, variable: Variable) -> Type:
        """The type of a variable of another function: known where it has one value for ever."""
        facts = self.resolution.facts(variable)
        if len(facts.declared) == 1 and not facts.writes:
            return self.declared(facts.declared[0])
        if facts.writes == 1 and not facts.declared:
            return loosened(self._final.get(variable, ANY))
        return ANY

    def declared(self, node: Any) -> Type:
        """The type of what a declaration binds."""
        if isinstance(node, nodes.FunctionDecl):
            return (Atom(FUNCTION, of=node.function),)
        info = self.classes.by_node.get(id(node))
        return ANY if info is None else (Atom(CLASS, of=info),)

    def assign(self, variable: Variable, type_: Type) -> None:
        """Note what *variable* is given here."""
        facts = self.resolution.facts(variable)
        if facts.is_captured and holds_parts(type_):
            type_ = loosened(type_)
        self._final[variable] = type_
        self.environment.set(variable, ANY if facts.is_set_elsewhere else type_)
        self.forget_paths(variable)

    def forget_paths(self, variable: Variable) -> None:
        """Nothing is known of the parts of *variable* any more."""
        for key in self._paths.get(variable, ()):
            self.environment.set((variable, key), UNSET)

    def narrow(self, key: Any, type_: Any) -> None:
        """Note what is known of a variable, or of a part of one, in this branch."""
        if isinstance(key, tuple):
            self._paths.setdefault(key[0], set()).add(key[1])
        self.environment.set(key, type_)
        if type_ == ():
            self.environment.is_dead = True  # no value gets here

    def escape(self, node: Any) -> None:
        """What *node* names, or is a part of, is given away: others may change what is in it."""
        while isinstance(node, nodes.Index | nodes.Member):
            node = node.object
        if not isinstance(node, nodes.Name):
            return
        variable = self.resolution.variables.get(id(node))
        if variable is None:
            return
        type_ = self.environment.get(variable)
        if type_ is not UNSET and holds_parts(type_):
            self.environment.set(variable, loosened(type_))

    def unsettle(self, root: nodes.Node) -> None:
        """What *root* assigns may have any of these values: it is run again, or in part."""
        steady: dict[Variable, bool] = {}
        for node in nodes.walk(root):
            for variable in self._given(node):
                if self.is_own(variable) or self.environment.get(variable) is not UNSET:
                    known = self.environment.get(variable)
                    keeps = known is not UNSET and _keeps(node, known)
                    steady[variable] = steady.get(variable, True) and keeps
            self._loosen_in(node)
        for variable, keeps in steady.items():
            known = self.environment.get(variable)
            self.environment.set(variable, _any_value(known) if keeps else ANY)
            self.forget_paths(variable)

    def _loosen_in(self, node: Any) -> None:
        """What is in a collection that is mentioned where turns repeat may change meanwhile."""
        if isinstance(node, nodes.Name):
            self.escape(node)

    def _given(self, node: Any) -> Iterator[Variable]:
        """The variables that *node* itself gives a value."""
        row: Row = node.row
        found: Variable | None = None
        if row.assigns:
            found = self.resolution.variables.get(id(getattr(node, row.assigns)))
        elif row.declares or row.matches:
            found = self.resolution.variables.get(id(node))
        if found is not None and not isinstance(node, nodes.EnumPattern):
            yield found

    # --- functions -------------------------------------------------------------------------------

    def annotated(self, ref: nodes.TypeRef | None) -> Type:
        return annotated(ref, self.classes.named)

    def result_of(self, function: nodes.FunctionNode) -> Type:
        """What a call of *function* gives."""
        if function.return_type is not None:
            return self.annotated(function.return_type)
        known = self._results.get(id(function))
        if known is not None or id(function) in self._results:
            return known
        if id(function) in self._running or len(self._running) >= MOST_CALLS:
            return ANY
        self.walk_function(function)
        return self._results[id(function)]

    @property
    def is_plain_function(self) -> bool:
        """Whether what is walked is a function of the top level, which has no `this`."""
        running = self._running[-1] if self._running else 0
        return running in self.resolution.entries and running not in self.resolution.owners

    def note_walked(self, function: nodes.FunctionNode, type_: Type) -> None:
        self._results[id(function)] = type_

    def was_walked(self, function: nodes.FunctionNode) -> bool:
        return id(function) in self._results

    def walk_function(self, function: nodes.FunctionNode) -> None:
        """Walk *function* with nothing known but its annotations, and note what it gives."""
        block = self.resolution.functions.get(id(function))
        if block is None:
            self._results[id(function)] = ANY
            return
        contract = self.contract_of(function)
        outer = self.frame
        quiet = self.is_guarded(function)
        self.frame = Frame(block, self._owner(function), quiet=quiet)
        self._running.append(id(function))
        outer_function, self.running = self.running, function
        self.parameters(function, contract)
        self.walk_body(function.body, is_tail=True)
        self._running.pop()
        self.running = outer_function
        results = self.frame.results
        self._results[id(function)] = _given_by(results)
        self.frame.environment = Environment()
        self.judge_results(function, contract, results)
        self.frame = outer

    def is_guarded(self, function: nodes.FunctionNode) -> bool:
        """Whether *function* may fail on purpose: all that calls it is rescued."""
        if id(function) in self.resolution.guarded:
            return True
        variable = self.resolution.names_of.get(id(function))
        if variable is None or self.contract_of(function) is not None:
            return False
        return variable in self.resolution.rescued

    def _owner(self, function: nodes.FunctionNode) -> ClassInfo | None:
        owner = self.resolution.owners.get(id(function))
        return None if owner is None else self.classes.by_node.get(id(owner))

    def contract_of(self, function: nodes.FunctionNode) -> Contract | None:
        """What the host says of *function*, where it calls it."""
        if id(function) not in self.resolution.entries:
            return None
        owner = self.resolution.owners.get(id(function))
        name = function.name if owner is None else f"{owner.name}.{function.name}"
        found: Contract | None = self.known.contracts.get(name)
        return found

    def global_type(self, name: str) -> Type:
        """The type of what *name* means that no variable has."""
        if name in self.known.names or name not in self.known.builtins:
            return ANY
        value = self.known.builtins[name]
        if isinstance(value, SoliClass):
            return (Atom("builtin class", of=value),)
        return (Atom(FUNCTION, of=value),) if hasattr(value, "low") else ANY

    # --- walking ---------------------------------------------------------------------------------

    def walk_body(self, body: nodes.Body, *, is_tail: bool = False) -> None:
        """Walk statements; *is_tail*: the last one gives the function its value."""
        last = len(body.statements) - 1
        for index, statement in enumerate(body.statements):
            self.walk_statement(statement, is_tail=is_tail and index == last)
        if is_tail and not body.statements:
            self.give(NULL, body, is_implicit=True)

    def walk_statement(self, node: Any, *, is_tail: bool = False) -> None:
        visit = STATEMENTS.get(node.__class__)
        if visit is not None:
            visit(self, node, is_tail)
            return
        type_ = self.infer(node)
        if is_tail:
            self.give(type_, node)

    def give(self, type_: Type, node: nodes.Node | None, *, is_implicit: bool = False) -> None:
        """Note what the function may give."""
        if not self.environment.is_dead:
            self.frame.results.append(Result(type_, node, is_implicit=is_implicit))

    def infer(self, node: Any) -> Type:
        """The type of an expression. Chains of any length are gone through link by link."""
        links: list[Any] = []
        while LINKS.get(node.__class__) is not None:
            before = getattr(node, node.row.chains)
            if before is None:
                break
            links.append(node)
            node = before
        type_ = self.visit(node)
        while links:
            type_ = self.follow(links.pop(), type_)
        return type_

    def visit(self, node: Any) -> Type:
        """The type of an expression that is no chain, or of what a chain begins with."""
        visit = EXPRESSIONS.get(node.__class__)
        if visit is None:
            for part in nodes.children(node):
                self.infer_part(part)
            return ANY
        type_: Type = visit(self, node)
        return type_

    def follow(self, link: Any, before: Type) -> Type:
        """The type of a link of a chain; *before*: that of what it is a link of."""
        return LINKS[link.__class__](self, link, before)

    def infer_part(self, part: Any) -> None:
        """Walk a node of any sort that nothing is known of."""
        if isinstance(part, nodes.Body):
            self.walk_body(part)
        else:
            self.infer(part)

    def value(self, node: Any) -> Type:
        """The type of an expression whose value is kept somewhere from now on."""
        type_ = self.infer(node)
        if type_ is None or any(one.kind in _SHARED for one in type_):
            self.escape(node)
        return type_

    # --- what `infer` adds -----------------------------------------------------------------------

    def parameters(self, function: nodes.FunctionNode, contract: Contract | None) -> None:
        """Give the parameters of *function* their types."""
        raise NotImplementedError

    def judge_results(
        self, function: nodes.FunctionNode, contract: Contract | None, results: list[Result]
    ) -> None:
        """Report what *function* must not give."""
        raise NotImplementedError


STATEMENTS: dict[type, Callable[[Any, Any, bool], None]] = {}
"""Kind of statement -> (walk, node, is_tail) -> nothing."""
EXPRESSIONS: dict[type, Callable[[Any, Any], Type]] = {}
"""Kind of expression -> (walk, node) -> its type."""
LINKS: dict[type, Callable[[Any, Any, Type], Type]] = {}
"""Kind of link of a chain -> (walk, node, type of the link before) -> its type."""

Visitor = TypeVar("Visitor", bound=Callable[..., Any])


def visits(table: dict[type, Any], *kinds: type) -> Callable[[Visitor], Visitor]:
    """Enter a function in *table* for *kinds* of nodes."""

    def enter(visitor: Visitor) -> Visitor:
        table.update(dict.fromkeys(kinds, visitor))
        return visitor

    return enter


def _given_by(results: list[Result]) -> Type:
    """What a function gives: null that it gives on one path, on purpose, is easily forgotten."""
    type_ = join([one.type for one in results]) if results else ANY
    if type_ is None or len(type_) < 2 or not any(map(_gives_null, results)):
        return type_
    return tuple(DOUBT[0] if one.kind == "null" and DOUBT else one for one in type_)


def _gives_null(result: Result) -> bool:
    node = result.node
    if isinstance(node, nodes.If) and result.is_implicit:  # `return x if c`, and nothing behind it
        last = node.then.statements[-1:]
        return bool(last) and isinstance(last[0], nodes.Return)
    if isinstance(node, nodes.Return):
        return node.value is None
    return isinstance(node, nodes.Literal) and node.value is None


def _any_value(known: Any) -> Type:
    return tuple(Atom(one.kind) for one in known)


def _keeps(node: Any, known: Type) -> bool:
    """Whether *node* gives a variable of the type *known* another value of that kind."""
    if known is None or len(known) != 1 or known[0].kind not in ("int", "string", "bool"):
        return False
    kind = known[0].kind
    if isinstance(node, nodes.Increment):
        return kind == "int"
    if isinstance(node, nodes.CompoundAssign):
        return node.operator in ("+", "-", "*") and kind == "int" and _is_literal(node.value, kind)
    return isinstance(node, nodes.Assign) and _is_literal(node.value, kind)


def _is_literal(node: Any, kind: str) -> bool:
    wanted = {"int": int, "string": str, "bool": bool}[kind]
    return isinstance(node, nodes.Literal) and node.value.__class__ is wanted
