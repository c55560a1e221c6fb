"""The classes, modules and enums of a program: what their values are known to have.

A class is open when something may give it members that the text does not show: then nothing is
said of a member that it does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from ...meaning.members import CLASS_UNIVERSAL, UNIVERSAL
from ...tree import nodes
from ...values.values import Symbol

_CHANGING: Final = frozenset(
    {
        *("define_method", "alias_method", "instance_variable_set", "class_eval"),
        *("instance_eval",),
    }
)
"""What gives classes members that their text does not show."""


class ClassInfo:
    """One class, module or enum."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.name: str = node.name
        self.superclass: ClassInfo | None = None
        self.mixins: list[ClassInfo] = []
        self.extended: list[ClassInfo] = []
        self.subclasses: list[ClassInfo] = []
        self.is_open = False
        self.is_error = False
        """Whether it comes from `Error`: its instances are texts as well."""
        self.methods: dict[str, nodes.FunctionNode] = {}
        self.static_methods: dict[str, nodes.FunctionNode] = {}
        self.fields: dict[str, nodes.FieldDecl] = {}
        self.static_fields: dict[str, Any] = {}
        self.constructor: nodes.FunctionNode | None = None
        self.assigned: set[str] = set()
        """Fields that its methods assign: `@x = …`."""
        self.variants: dict[str, tuple[str, ...]] = {}

    @property
    def is_enum(self) -> bool:
        return isinstance(self.node, nodes.EnumDecl)

    @property
    def is_module(self) -> bool:
        return isinstance(self.node, nodes.ClassDecl) and self.node.is_module

    def line(self) -> Iterator[ClassInfo]:
        """The class, what it includes, and its superclasses, the nearest first."""
        seen: set[ClassInfo] = set()
        pending = [self]
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            yield one
            pending += [one.superclass] if one.superclass is not None else []
            pending += reversed(one.mixins)

    def method(self, name: str) -> nodes.FunctionNode | None:
        return next((one.methods[name] for one in self.line() if name in one.methods), None)

    def static_method(self, name: str) -> nodes.FunctionNode | None:
        return next(
            (one.static_methods[name] for one in self.line() if name in one.static_methods), None
        )

    def field(self, name: str) -> nodes.FieldDecl | None:
        return next((one.fields[name] for one in self.line() if name in one.fields), None)

    def nearest_constructor(self) -> nodes.FunctionNode | None:
        return next((one.constructor for one in self.line() if one.constructor), None)

    def hides_nothing(self) -> bool:
        """Whether all members of it are in the text."""
        return not any(one.is_open for one in self.line())

    def instance_names(self) -> set[str]:
        """Everything that an instance answers to, as far as the text tells."""
        found = set(UNIVERSAL)
        for one in self.line():
            found |= one.methods.keys() | one.fields.keys() | one.assigned
        if self.is_enum:
            found |= {"variant", *(name for names in self.variants.values() for name in names)}
        return found

    def names_below(self) -> set[str]:
        """What classes that come from it add: methods here may count on that."""
        found: set[str] = set()
        pending, seen = list(self.subclasses), set[ClassInfo]()
        while pending:
            one = pending.pop()
            if one not in seen:
                seen.add(one)
                found |= one.instance_names()
                pending += one.subclasses
        return found

    def is_open_below(self) -> bool:
        """Whether what comes from it may add what the text does not show."""
        pending, seen = list(self.subclasses), set[ClassInfo]()
        while pending:
            one = pending.pop()
            if one not in seen:
                seen.add(one)
                if not one.hides_nothing():
                    return True
                pending += one.subclasses
        return False

    def class_names(self) -> set[str]:
        """Everything that the class itself answers to."""
        found = {"new", *CLASS_UNIVERSAL, *self.variants}
        for one in self.line():
            found |= one.static_methods.keys() | one.static_fields.keys()
            if self.is_module:
                found |= one.methods.keys()
        for one in self.extended:
            found |= one.instance_names()
        if self.is_enum:
            found.add("parse")
        return found


class Classes:
    """All of one program, by node and by the name that is used once."""

    def __init__(self, program: nodes.Program, *, is_open: bool) -> None:
        self.by_node: dict[int, ClassInfo] = {}
        self.by_name: dict[str, ClassInfo] = {}
        self._twice: set[str] = set()
        self._is_open = is_open
        """Whether something in the program adds members to classes while it runs."""
        self.texts: set[str] = set()
        """Texts and symbols of the program: such methods may be added by a computed name."""
        named = nodes.every(program, (nodes.Member, nodes.Name))
        self.changes_any = any(node.name in _CHANGING for node in named)
        for node in nodes.every(program, (nodes.Literal,)):
            if isinstance(node.value, Symbol):
                self.texts.add(node.value.name)
        for node in nodes.every(program, (nodes.ClassDecl, nodes.EnumDecl)):
            self._add(node)
        for info in self.by_node.values():
            self._link(info)

    def _add(self, node: Any) -> None:
        info = self.by_node[id(node)] = ClassInfo(node)
        if info.name in self.by_name:
            self._twice.add(info.name)
        self.by_name[info.name] = info
        if isinstance(node, nodes.EnumDecl):
            info.variants = {one.name: tuple(p.name for p in one.fields) for one in node.variants}
            self._methods(info, node.methods)
            return
        for member in node.members:
            self._member(info, member)

    def _member(self, info: ClassInfo, member: Any) -> None:
        if isinstance(member, nodes.MethodDecl):
            self._methods(info, (member,))
        elif isinstance(member, nodes.FieldDecl):
            (info.static_fields if member.is_static else info.fields)[member.name] = member
        elif isinstance(member, nodes.ClassDecl):
            info.static_fields[member.name] = member
        else:  # hooks, static blocks, macros, `class_methods`, mixins
            info.is_open = info.is_open or not isinstance(member, nodes.Mixin)

    def _methods(self, info: ClassInfo, methods: tuple[nodes.MethodDecl, ...]) -> None:
        for method in methods:
            function = method.function
            if method.is_constructor:
                info.constructor = function
            elif method.is_static:
                info.static_methods[function.name] = function
            else:
                info.methods[function.name] = function
            if function.name == "method_missing":
                info.is_open = True
            info.assigned |= _assigned(function)

    def _link(self, info: ClassInfo) -> None:
        node = info.node
        info.is_open = info.is_open or self._is_open or self.changes_any
        if info.name in self._twice:
            info.is_open = True
        if isinstance(node, nodes.EnumDecl):
            return
        if node.superclass is not None:
            above = self._named(node.superclass)
            info.is_open = info.is_open or above is None
            if above is not None and above is not info:
                info.superclass = above
                above.subclasses.append(info)
        for member in node.members:
            if isinstance(member, nodes.Mixin):
                self._mix(info, member)

    def _mix(self, info: ClassInfo, member: nodes.Mixin) -> None:
        for name in member.names:
            one = self._named(name)
            if one is None:
                info.is_open = True
            elif member.kind == "include":
                info.mixins.append(one)
                one.subclasses.append(info)
                info.is_open = info.is_open or one.is_open
            else:
                info.extended.append(one)
                info.is_open = info.is_open or one.is_open

    def _named(self, name: str) -> ClassInfo | None:
        return None if name in self._twice else self.by_name.get(name)

    @cached_property
    def named(self) -> dict[str, ClassInfo]:
        """Those whose names mean one of them only."""
        return {name: info for name, info in self.by_name.items() if name not in self._twice}


def _assigned(function: nodes.FunctionNode) -> set[str]:
    found: set[str] = set()
    for node in nodes.walk(function.body):
        # `@x ||= 1` reads before it assigns: it fails where nothing else gives a value.
        target = node.target if isinstance(node, nodes.Assign) else None
        if isinstance(target, nodes.Member) and isinstance(target.object, nodes.This):
            found.add(target.name)
    return found
