"""Whether the arguments of a call fit what is called (docs/spec §6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...native.native import UNLIMITED, NativeFunction
from ...tree import nodes


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a call passes."""

    positional: int
    labels: tuple[str, ...]
    has_block: bool

    @classmethod
    def of(
        cls, arguments: tuple[nodes.Argument, ...], block: nodes.Expr | None, extra: int = 0
    ) -> Arguments:
        """*extra*: positional arguments that stand elsewhere (the value of a pipeline)."""
        labels = tuple(one.label for one in arguments if one.label is not None)
        return cls(len(arguments) - len(labels) + extra, labels, block is not None)

    def fault_for_builtin(self, builtin: Any) -> str | None:
        """What is wrong with calling *builtin* so: names become one Hash, a block comes last."""
        if not isinstance(builtin, NativeFunction):
            return None
        count = self.positional + bool(self.labels) + self.has_block
        if builtin.low <= count <= builtin.high:
            return None
        return _wrong_number(builtin.name, builtin.low, builtin.high, count)

    def fault_for_declaration(self, declaration: Any) -> str | None:
        """What is wrong with calling a function, or instantiating a class, of this file so."""
        if isinstance(declaration, nodes.FunctionDecl):
            return self.fault_for(declaration.function)
        if isinstance(declaration, nodes.ClassDecl):
            return self._fault_for_class(declaration)
        return None

    def _fault_for_class(self, node: nodes.ClassDecl) -> str | None:
        if node.is_module:
            return f"cannot instantiate module {node.name}"
        for member in node.members:
            if isinstance(member, nodes.MethodDecl) and member.is_constructor:
                return self.fault_for(member.function, node.name)
        return None

    def fault_for_range(self, name: str, low: int, high: int) -> str | None:
        """What is wrong with giving that many to a builtin method that takes *low* to *high*."""
        count = self.positional + bool(self.labels) + self.has_block
        return None if low <= count <= high else _wrong_number(name, low, high, count)

    def fault_for(self, function: nodes.FunctionNode, name: str = "") -> str | None:
        """What is wrong with calling *function* so; *name* is what errors call it."""
        plain = [param for param in function.params if not param.is_block]
        block = next((param for param in function.params if param.is_block), None)
        name = name or function.name
        known = {param.name for param in function.params}
        for label in self.labels:
            if label not in known:
                return f"{name}() has no parameter '{label}'"
        required = sum(1 for param in plain if param.default is None)
        count = self.positional + sum(1 for label in self.labels)
        most = len(plain) + (block is not None and not self.has_block)
        if count > most or count < required:
            return _wrong_number(name, required, len(plain), count)
        return None


def _wrong_number(name: str, low: int, high: int, got: int) -> str:
    if high >= UNLIMITED:
        wanted = f"at least {low}"
    elif low == high:
        wanted = str(low)
    else:
        wanted = f"{low} to {high}"
    return f"Wrong number of arguments: {name}() takes {wanted}, got {got}"
