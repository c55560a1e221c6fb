"""Variables of a file that handlers change: every process has its own (`soli check`).

With `--workers` or `--broker`, a vote that one process counts is not seen by the others, so
`soli check` asks whether the variable should be the state of a room. It reads the texts only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from soli_lang.base.source import Span
from soli_lang.native.native import NativeMethod
from soli_lang.tools.bindings import Bindings
from soli_lang.tools.checker import WARNING, Finding
from soli_lang.tree import nodes
from soli_lang.tree.node_type import walk

from .reached_functions import Callers, FileFunctions

ROOM_HINT = (
    'declare ws_keep_state("ROOM:*") in the routes, then return { "room_state": … }: '
    "all processes see the state of a room"
)
KV_HINT = "all processes see what KV keeps: KV.get, KV.update"
_LITERALS: Final[Mapping[type, type]] = {nodes.HashLiteral: dict, nodes.ArrayLiteral: list}
_CHAIN: Final = (nodes.Member, nodes.Index, nodes.SafeIndex)

Methods = Mapping[str, Mapping[type, Any]]
"""Name -> type of receiver -> builtin method (`Machine.methods`)."""


def process_variables(program: nodes.Program, callers: Callers, methods: Methods) -> list[Finding]:
    """One finding for each variable of the file that *callers* change, at the first change."""
    file = _File(program, methods)
    if not file.variables:
        return []
    found: dict[str, Finding] = {}
    for names, place, hint in (
        (callers.sockets, "the room", ROOM_HINT),
        (callers.requests, "KV", KV_HINT),
    ):
        for change in file.changes(names):
            if change.variable not in found:
                message = f"{change.text} is a variable of each process; keep it in {place}"
                source = program.source
                one = Finding(WARNING, "process-variable", message, source, change.span, hint)
                found[change.variable] = one
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Change:
    variable: str
    text: str
    """What changes, in the words of the program: `votes`, `Game.count`."""
    span: Span


class _File:
    """The variables of a file, its functions, and what these change."""

    def __init__(self, program: nodes.Program, methods: Methods) -> None:
        self._methods = methods
        self._program = program
        self._functions = FileFunctions(program)
        self._classes: dict[str, nodes.ClassDecl] = {}
        self.variables: dict[str, Any] = {}
        """Name -> what it is at first; None: nothing that tells."""
        self._collect()

    def _collect(self) -> None:
        for node in nodes.every(self._program, (nodes.ClassDecl,)):
            self._classes[node.name] = node
        for node in walk(self._program.body, without=nodes.SCOPES | {nodes.Lambda}):
            if isinstance(node, nodes.Let | nodes.Const):
                self.variables.setdefault(node.name, node.value)
            elif isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
                self.variables.setdefault(node.target.name, node.value)
        for name, klass in self._classes.items():
            if any(isinstance(one, nodes.FieldDecl) and one.is_static for one in klass.members):
                self.variables.setdefault(name, None)

    def changes(self, roots: frozenset[str]) -> Iterator[_Change]:
        """What the functions called *roots* change, and those that they call, in order."""
        reached = self._functions.reached(roots)
        found = sorted(
            (one for function in reached for one in self._changed_in(function)),
            key=lambda one: one[1].span.start,
        )
        if not found:
            return  # which spares the blocks of the whole file
        is_shadowed = _shadows(self._program, [node for _, node in found])
        for target, node in found:
            root = _root(target)
            if root is not None and not is_shadowed(node, root.name):
                yield _Change(root.name, _shown(target, root), target.span)

    def _changed_in(self, function: nodes.Node) -> Iterator[tuple[Any, Any]]:
        """(what is changed, the node that does it), of variables of this file as it seems."""
        for node in walk(function):
            target = self._target(node)
            root = _root(target) if target is not None else None
            if root is None or root.name not in self.variables:
                continue
            if target is not root or root.name not in self._classes:
                yield target, node

    def _target(self, node: Any) -> Any:
        if isinstance(node, nodes.Assign | nodes.CompoundAssign | nodes.Increment):
            return node.target
        if isinstance(node, nodes.Binary) and node.operator == "<<":
            return node.left
        if isinstance(node, nodes.Member) and self._changes_receiver(node):
            return node.object
        return None

    def _changes_receiver(self, node: nodes.Member) -> bool:
        """Whether the method changes what it is called of: a builtin's word, or its text."""
        of = node.object
        value = self.variables.get(of.name) if isinstance(of, nodes.Name) else None
        if isinstance(value, nodes.New):
            return self._changes_itself(value, node.name)
        of_types = self._methods.get(node.name, {})
        kind = _LITERALS.get(value.__class__)
        which = of_types.values() if kind is None else [of_types.get(kind)]
        return any(isinstance(one, NativeMethod) and one.declaration.mutates for one in which)

    def _changes_itself(self, made: nodes.New, name: str) -> bool:
        klass = self._classes.get(getattr(made.target, "name", ""))
        if klass is None:
            return False
        methods = [
            one.function
            for one in klass.members
            if isinstance(one, nodes.MethodDecl) and one.function.name == name
        ]
        return any(
            isinstance(_base(self._target(node)), nodes.This)
            for method in methods
            for node in walk(method)
            if self._target(node) is not None
        )


def _base(target: Any) -> Any:
    while isinstance(target, _CHAIN):
        target = target.object
    return target


def _root(target: Any) -> nodes.Name | None:
    """The variable that `a`, `a.b` and `a[k]["l"].c` begin with."""
    base = _base(target)
    return base if isinstance(base, nodes.Name) else None


def _shown(target: Any, root: nodes.Name) -> str:
    while isinstance(target, _CHAIN) and target.object is not root:
        target = target.object
    if isinstance(target, nodes.Member):
        return f"{root.name}.{target.name}"
    return root.name


def _shadows(program: nodes.Program, ordered: list[Any]) -> Callable[[Any, str], bool]:
    """Whether a name at a node means a variable inside of a function. *ordered* by place."""
    bindings = Bindings(program, ())
    blocks = dict(bindings.blocks_at([one.span.start for one in ordered]))
    root = bindings.regions[0].block

    def is_shadowed(node: Any, name: str) -> bool:
        at = node.span.start
        return blocks[at].find(name, at) is not root.find(name)

    return is_shadowed
