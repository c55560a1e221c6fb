"""Which variable each name of a program means, and who gives it values.

Blocks are those of `evaluator.scopes`. Keeps its own stack: programs may nest deeply.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from ...evaluator.scopes import THIS, Block, FileScope, Scopes, Variable, declare_parameters
from ...tree import nodes


class Facts:
    """What is known of one variable from the whole text."""

    __slots__ = (
        "constants", "declared", "is_captured", "is_set_elsewhere", "readers", "reads", "writes",
    )  # fmt: skip

    def __init__(self) -> None:
        self.writes = 0
        """How many places give it a value, declarations of functions and classes apart."""
        self.declared: list[Any] = []
        """Functions, classes and enums of its name."""
        self.constants: list[nodes.Const] = []
        self.is_captured = False
        """Whether another function than its own mentions it."""
        self.is_set_elsewhere = False
        """Whether another function than its own gives it values."""
        self.reads = 0
        self.readers: list[Variable | None] = []
        """Of reads outside of what is rescued: the function around, None for anything else."""


class Resolution:
    """The variables of one program."""

    def __init__(self, program: nodes.Program) -> None:
        self._scopes = Scopes(FileScope())
        self.root = Block(None, file=self._scopes.file)
        self.variables: dict[int, Variable] = {}
        """Node (by id) that names a variable -> which one."""
        self.bound: dict[int, tuple[Variable | None, ...]] = {}
        """Loop, handler or comprehension (by id) -> the variables that it binds."""
        self.functions: dict[int, Block] = {}
        """Function (by id) -> its block."""
        self.owners: dict[int, Any] = {}
        """Function (by id) -> the class or enum that it is a method of."""
        self.nodes: list[nodes.FunctionNode] = []
        """All functions."""
        self.names_of: dict[int, Variable] = {}
        """Function (by id) -> the variable that it is declared as, or given to."""
        self.guarded: set[int] = set()
        """Functions (by id) in what is rescued: they may fail on purpose."""
        self.entries: set[int] = set()
        """Functions (by id) that a host can call: those of the top level, methods of classes."""
        self.let_places: dict[Variable, list[int]] = {}
        """Where a variable is declared by `let` or `const`."""
        self.inside: dict[int, Block] = {}
        """Assignment (by id) -> the block of the function that it is in."""
        self.assignments: list[tuple[Variable, Any, bool]] = []
        """(variable, what assigns to it, whether that is in a `try` that catches)"""
        self.members: set[str] = set()
        """Names of all members that are assigned anywhere: `x.name = v`."""
        self._facts: dict[Variable, Facts] = {}
        self._declaring: dict[Block, Variable] = {}
        self._pieces: list[Any] = []
        """Functions that are in no program; they are known by who they are."""
        self._pending: list[tuple[Any, Block, bool]] = []
        self._run(program)

    def facts(self, variable: Variable) -> Facts:
        found = self._facts.get(variable)
        if found is None:
            found = self._facts[variable] = Facts()
        return found

    @property
    def all(self) -> Iterable[tuple[Variable, Facts]]:
        return self._facts.items()

    def home(self, variable: Variable) -> Block:
        """The function that *variable* belongs to."""
        return self.root if variable.home is None else variable.home.function

    # --- walking ---------------------------------------------------------------------------------

    def _run(self, program: nodes.Program) -> None:
        self._scopes.declare_function(program.body, self.root)
        for statement in program.body.statements:
            if isinstance(statement, nodes.Import):
                names = [local for _, local in statement.items or ()]
                for name in [*names, *([statement.namespace] if statement.namespace else [])]:
                    self.facts(self.root.declare(name)).writes += 2
        self._push(program.body.statements, self.root, guarded=False)
        while self._pending:
            node, block, guarded = self._pending.pop()
            visit = _VISITORS.get(node.__class__)
            if visit is not None:
                visit(self, node, block, guarded)
            elif node.row.binds:
                self._binding(node, block, guarded)
            else:
                self._inside(node, block, guarded)

    def _push(self, found: Iterable[Any], block: Block, *, guarded: bool) -> None:
        self._pending.extend((one, block, guarded) for one in found if one is not None)

    def _inside(self, node: Any, block: Block, guarded: bool) -> None:
        self._push(nodes.children(node), block, guarded=guarded)

    def _body(self, node: nodes.Body, block: Block, guarded: bool) -> None:
        inner = self._scopes.blocks.get(id(node), block)
        self._push(node.statements, inner, guarded=guarded)

    def _binding(self, node: Any, block: Block, guarded: bool) -> None:
        inner = self._scopes.of(node)
        names = [getattr(node, field) for field in node.row.binds]
        self.bound[id(node)] = tuple(inner.names.get(name) if name else None for name in names)
        for variable in self.bound[id(node)]:
            if variable is not None:
                self.facts(variable).writes += 2
        for field, part in nodes.parts(node):
            self._push([part], inner if field in node.row.inside else block, guarded=guarded)

    def _try(self, node: nodes.Try, block: Block, guarded: bool) -> None:
        self._push([node.body], block, guarded=guarded or bool(node.handlers))
        self._push([*node.handlers, node.final], block, guarded=guarded)

    def _rescue(self, node: nodes.Rescue, block: Block, guarded: bool) -> None:
        self._push([node.body], block, guarded=True)
        self._push([node.fallback], block, guarded=guarded)

    # --- functions and classes -------------------------------------------------------------------

    def _function(self, node: nodes.FunctionNode, around: Block, guarded: bool) -> None:
        block = Block(around, file=self._scopes.file, is_function=True)
        block.declare(THIS)
        variables = declare_parameters(block, node.params)
        for param, variable in zip(node.params, variables, strict=True):
            self.variables[id(param)] = variable
            self.facts(variable).writes += 1
        if not node.params:
            self.facts(block.declare("it")).writes += 2
        self._scopes.declare_function(node, block)
        self.functions[id(node)] = block
        self.nodes.append(node)
        if guarded:
            self.guarded.add(id(node))
        self._push([param.default for param in node.params], block, guarded=guarded)
        self._push(node.body.statements, block, guarded=guarded)

    def _class(self, node: Any, around: Block, guarded: bool) -> None:
        self._declare(node, node.name, around)
        block = Block(around, file=self._scopes.file, is_function=True)
        block.declaration = node
        block.declare(THIS)
        members = node.members if isinstance(node, nodes.ClassDecl) else node.methods
        for member in members:
            if isinstance(member, nodes.ClassDecl):
                self.facts(block.declare(member.name)).writes += 2
        for member in members:
            self._member(member, node, block, guarded)

    def _member(self, member: Any, owner: Any, block: Block, guarded: bool) -> None:
        if isinstance(member, nodes.MethodDecl):
            self.owners[id(member.function)] = owner
            self.entries.add(id(member.function))
            self._function(member.function, block, guarded)
        elif isinstance(member, nodes.ClassMethods):
            for method in member.methods:
                self._function(method.function, block, guarded)
        elif isinstance(member, nodes.FieldDecl):
            if member.value is not None:
                self._piece(nodes.Body(member.value.span, (member.value,)), block, guarded)
        elif isinstance(member, nodes.StaticBlock | nodes.HookBlock):
            self._piece(member.body, block, guarded)
        elif isinstance(member, nodes.MacroCall):
            self._piece(nodes.Body(member.span, (member.call,)), block, guarded)
        elif isinstance(member, nodes.ClassDecl):
            self._class(member, block, guarded)

    def _piece(self, body: nodes.Body, block: Block, guarded: bool) -> None:
        """What a class body runs is run as a function of its own."""
        piece = nodes.FunctionNode(body.span, "<class body>", (), None, body)
        self._pieces.append(piece)
        self._function(piece, block, guarded)

    def _declaration(self, node: nodes.FunctionDecl, block: Block, guarded: bool) -> None:
        self._declare(node, node.name, block)
        if id(node) in self.variables:
            self.names_of[id(node.function)] = self.variables[id(node)]
        if block is self.root:
            self.entries.add(id(node.function))
        self._function(node.function, block, guarded)
        if id(node) in self.variables:
            self._declaring[self.functions[id(node.function)]] = self.variables[id(node)]

    def _declare(self, node: Any, name: str, block: Block) -> None:
        variable = block.find(name)
        if variable is not None:
            self.variables[id(node)] = variable
            self.facts(variable).declared.append(node)

    # --- names -----------------------------------------------------------------------------------

    def _name(self, node: nodes.Name, block: Block, guarded: bool) -> None:
        variable = block.find(node.name, node.span.start)
        if variable is not None:
            self.variables[id(node)] = variable
            facts = self.facts(variable)
            facts.reads += 1
            if not guarded:
                facts.readers.append(self._around(block))
            if block.function is not self.home(variable):
                facts.is_captured = True

    def _around(self, block: Block | None) -> Variable | None:
        """The variable of the declared function that *block* is in."""
        while block is not None:
            found = self._declaring.get(block)
            if found is not None:
                return found
            block = block.parent
        return None

    @cached_property
    def rescued(self) -> frozenset[Variable]:
        """Functions all of whose calls are rescued, or stand in such functions."""
        found = {one for one in self.names_of.values() if self._has_readers(one)}
        inside: dict[Variable | None, list[Variable]] = {}
        for one in found:
            for reader in self.facts(one).readers:
                inside.setdefault(reader, []).append(one)
        pending = [one for reader, those in inside.items() if reader not in found for one in those]
        while pending:
            one = pending.pop()
            if one in found:
                found.remove(one)
                pending += inside.get(one, ())
        return frozenset(found)

    def _has_readers(self, variable: Variable) -> bool:
        """Whether more than itself mentions a function."""
        facts = self.facts(variable)
        return facts.reads > facts.readers.count(variable)

    def _assign(self, node: Any, block: Block, guarded: bool) -> None:
        value = getattr(node, "value", None)
        self._push([value], block, guarded=guarded)
        target = node.target
        if isinstance(target, nodes.Member) and not isinstance(node, nodes.CompoundAssign):
            self.members.add(target.name)
        if not isinstance(target, nodes.Name):
            self._push([target], block, guarded=guarded)
            return
        variable = block.find(target.name, target.span.start)
        if variable is None:
            return
        self.variables[id(target)] = variable
        self._name_function(value, variable)
        facts = self.facts(variable)
        facts.writes += 1
        if block.function is not self.home(variable):
            facts.is_set_elsewhere = True
        self.assignments.append((variable, node, guarded))
        self.inside[id(node)] = block.function

    def _name_function(self, value: Any, variable: Variable) -> None:
        """`f = fn() { … }`: what calls `f` may rescue what it raises, as if a `def` had made it."""
        if isinstance(value, nodes.Lambda):
            self.names_of[id(value.function)] = variable

    def _let(self, node: Any, block: Block, guarded: bool) -> None:
        self._push([node.value], block, guarded=guarded)
        variable = block.find(node.name)
        if variable is not None:
            self.variables[id(node)] = variable
            self._name_function(node.value, variable)
            facts = self.facts(variable)
            facts.writes += 1
            self.let_places.setdefault(variable, []).append(node.span.start)
            if isinstance(node, nodes.Const):
                facts.constants.append(node)

    def _arm(self, node: nodes.Arm, block: Block, guarded: bool) -> None:
        pending: list[Any] = [node.pattern]
        while pending:
            pattern = pending.pop()
            name = getattr(pattern, pattern.row.matches) if pattern.row.matches else None
            variable = block.find(name, pattern.span.start) if name else None
            if variable is not None:
                self.variables[id(pattern)] = variable
                self.facts(variable).writes += 2
            if isinstance(pattern, nodes.EnumPattern):
                owner = block.find(pattern.enum, pattern.span.start)
                if owner is not None:
                    self.variables[id(pattern)] = owner
            pending.extend(nodes.children(pattern))
        self._push([node.guard, node.body], block, guarded=guarded)

    def _nothing(self, node: Any, block: Block, guarded: bool) -> None:
        """Imports are declared before anything else."""


_VISITORS: dict[type, Any] = {
    nodes.Body: Resolution._body,
    nodes.Try: Resolution._try,
    nodes.Rescue: Resolution._rescue,
    nodes.FunctionNode: Resolution._function,
    nodes.FunctionDecl: Resolution._declaration,
    nodes.ClassDecl: Resolution._class,
    nodes.EnumDecl: Resolution._class,
    nodes.Name: Resolution._name,
    nodes.Assign: Resolution._assign,
    nodes.CompoundAssign: Resolution._assign,
    nodes.Increment: Resolution._assign,
    nodes.Let: Resolution._let,
    nodes.Const: Resolution._let,
    nodes.Arm: Resolution._arm,
    nodes.Import: Resolution._nothing,
}
_ASSIGNING = nodes.kinds(lambda row: row.assigns)


def assigned_keys(program: nodes.Program) -> frozenset[str]:
    """The keys that the program writes anywhere: `x["key"] = …`, `x.key = …`."""
    found: set[str] = set()
    for node in nodes.every(program, _ASSIGNING):
        target = getattr(node, node.row.assigns)
        if isinstance(target, nodes.Index) and isinstance(target.index, nodes.Literal):
            found.add(str(target.index.value))
        elif isinstance(target, nodes.Member):
            found.add(target.name)
    return frozenset(found)
