"""The types of what is written, as `soli check` infers them, by place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from soli_lang.base.source import Span
from soli_lang.tools.checking.findings import Findings, Known
from soli_lang.tools.inference.infer import TypeWalk
from soli_lang.tools.inference.types import ANY, Type, type_word
from soli_lang.tree import nodes

MOST_KINDS: Final = 3
"""More kinds of one value are too many to show."""
_TITLES: Final = {
    "int": "Int", "float": "Float", "decimal": "Decimal", "string": "String", "bool": "Bool",
    "symbol": "Symbol", "array": "Array", "hash": "Hash", "bytes": "Bytes", "null": "Null",
}  # fmt: skip


class Inferred(NamedTuple):
    """What is known of a program."""

    values: dict[tuple[int, int], Type]
    """Of expressions, by span."""
    results: dict[int, Type]
    """Of functions, by the id of their node."""
    parameters: dict[int, Type]
    """Of parameters of blocks and handlers, by the id of their node."""
    walk: TypeWalk | None = None
    """What found them."""

    def at(self, span: Span) -> str:
        """The type of the expression at *span* in words; empty when nobody knows."""
        return title(self.values.get((span.start, span.end), ANY))


NOTHING: Final = Inferred({}, {}, {})


def inferred(program: nodes.Program, known: Known) -> Inferred:
    """The types in *program*."""
    walk = Noting(program, known, Findings(program.source))
    try:
        walk.run()
    except RecursionError:  # nested past what the walk goes into: what was found stays
        return NOTHING
    return walk.inferred()


def type_at(program: nodes.Program, span: Span, types: Inferred) -> str:
    """The type of the variable that is named at *span*, in words."""
    found = types.at(span)
    if found:
        return found
    for node in nodes.walk(program.body):
        if isinstance(node, nodes.Param) and node.span.start == span.start:
            return title(types.parameters.get(id(node), ANY))
        if isinstance(node, nodes.Assign) and node.target.span == span:
            return types.at(node.value.span)
        is_let = isinstance(node, nodes.Let | nodes.Const) and node.value is not None
        if is_let and node.span.start <= span.start < node.value.span.start and node.type is None:
            return types.at(node.value.span)
    return ""


def receiver_at(program: nodes.Program, span: Span, types: Inferred) -> str:
    """The type of that of which the name at *span* is a member; empty when nobody knows."""
    for node in nodes.walk(program.body):
        if isinstance(node, nodes.Member) and node.span.end == span.end:
            found = types.at(node.object.span).removesuffix("?")
            return "Array" if found.startswith("[") else found if " " not in found else ""
    return ""


class Noting(TypeWalk):
    """Keeps what it infers. What is walked several times has the type of the last time."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        self.values: dict[tuple[int, int], Type] = {}
        self.given: dict[int, Type] = {}
        super().__init__(program, known, findings)

    def inferred(self) -> Inferred:
        """What was found, once it has run."""
        functions = nodes.every(self.program, (nodes.FunctionNode,))
        results = {id(one): self.result_of(one) for one in functions if self.was_walked(one)}
        return Inferred(self.values, results, self.given, self)

    def visit(self, node: Any) -> Type:
        """The type of an expression, which is noted."""
        return self._noted(node, super().visit(node))

    def follow(self, link: Any, before: Type) -> Type:
        """The type of a link of a chain, which is noted."""
        return self._noted(link, super().follow(link, before))

    def _noted(self, node: Any, type_: Type) -> Type:
        self.values[(node.span.start, node.span.end)] = type_
        return type_

    def parameters(self, function: nodes.FunctionNode, contract: Any) -> None:
        """Note what they are, if a host or an annotation says it."""
        super().parameters(function, contract)
        self._note_parameters(function)

    def run_block(self, function: nodes.FunctionNode, types: tuple[Type, ...]) -> Type:
        """Note what a block is given."""
        for param, type_ in zip(function.params, types, strict=False):
            self.given[id(param)] = type_
        return super().run_block(function, types)

    def _note_parameters(self, function: nodes.FunctionNode) -> None:
        for param in function.params:
            variable = self.resolution.variables.get(id(param))
            if variable is not None and id(param) not in self.given:
                found: Any = self.environment.get(variable)
                self.given[id(param)] = found if isinstance(found, tuple) else ANY


def title(type_: Type) -> str:
    """A type as an annotation has it: `String`, `[Int]`, `User?`, `Int or String`."""
    if not type_ or not isinstance(type_, tuple):
        return ""
    words = list(dict.fromkeys(filter(None, map(_word, type_))))
    if not words or len(words) < len({one.kind for one in type_}) or len(words) > MOST_KINDS:
        return ""
    if "Null" in words and len(words) == 2:
        words.remove("Null")
        return f"{words[0]}?"
    return " or ".join(words)


def _word(atom: Any) -> str:
    if atom.kind == "array":
        item = title(atom.item)
        return f"[{item}]" if item and " " not in item else "Array"
    if atom.kind in _TITLES:
        return _TITLES[atom.kind]
    word = type_word(atom)
    return word if word[:1].isupper() else ""


class Hint(NamedTuple):
    """A type that is shown behind a name."""

    offset: int
    text: str


_PLAIN: Final = (nodes.Literal, nodes.HashLiteral, nodes.New, nodes.Lambda)
"""Values whose type one sees."""


def hints(program: nodes.Program, types: Inferred) -> Iterator[Hint]:
    """Types of variables where they begin, of results of functions, of parameters of blocks."""
    seen: set[tuple[int, str]] = set()
    owner = 0
    for node in nodes.walk(program.body):
        if isinstance(node, nodes.FunctionNode):
            owner = id(node)
            yield from _of_function(program, node, types)
        elif isinstance(node, nodes.Let | nodes.Const) and node.type is None:
            yield from _of_value(program, node, node.name, types)
        elif isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
            name = node.target.name
            values = _of_value(program, node, name, types)
            yield from () if (owner, name) in seen else values
            seen.add((owner, name))


def _of_value(program: nodes.Program, node: Any, name: str, types: Inferred) -> Iterator[Hint]:
    if node.value is None or isinstance(node.value, _PLAIN):
        return
    text = types.at(node.value.span)
    at = program.source.text.find(name, node.span.start, node.value.span.start)
    if text and at >= 0:
        yield Hint(at + len(name), f": {text}")


def _of_function(
    program: nodes.Program, function: nodes.FunctionNode, types: Inferred
) -> Iterator[Hint]:
    for param in function.params:
        text = title(types.parameters.get(id(param), ANY))
        if param.type is None and param.default is None and text:
            yield Hint(param.span.end, f": {text}")
    if function.name == "<lambda>" or function.return_type is not None:
        return
    text = title(types.results.get(id(function), ANY))
    end = _head_end(program, function)
    if text and text != "Null" and end:
        yield Hint(end, f" -> {text}")


def _head_end(program: nodes.Program, function: nodes.FunctionNode) -> int:
    """Where the head of a function ends: behind its parameters, or its name."""
    text = program.source.text
    start = function.span.start
    name = text.find(function.name, start)
    line = text.find("\n", start)
    if name < 0 or (line >= 0 and name > line):
        return 0
    last = max((one.span.end for one in function.params), default=name + len(function.name))
    close = text.find(")", last)
    opens = text[name + len(function.name) :].lstrip(" ")[:1] == "("
    return close + 1 if opens and close >= 0 else last
