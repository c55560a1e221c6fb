"""What the places of nodes must be, told from the text and from other places only."""

from __future__ import annotations

from collections.abc import Iterator

from soli_lang.tree import nodes

_FROM_FIRST: dict[type, str] = {
    nodes.Binary: "left", nodes.Logical: "left", nodes.Conditional: "condition",
    nodes.Assign: "target", nodes.CompoundAssign: "target", nodes.Increment: "target",
    nodes.Rescue: "body", nodes.Index: "object", nodes.Pipeline: "value",
    nodes.ScopedName: "object", nodes.Call: "callee", nodes.Member: "object",
    nodes.Interpolation: "", nodes.Arm: "pattern",
}  # fmt: skip
"""Where a node begins: with this part of it."""
_BEGIN: dict[type, tuple[str, ...]] = {
    nodes.Unary: ("-", "!", "not"), nodes.ArrayLiteral: ("[", "%"), nodes.HashLiteral: ("{",),
    nodes.ArrayComprehension: ("[",), nodes.HashComprehension: ("{",), nodes.New: ("new",),
    nodes.Match: ("match",), nodes.SuperCall: ("super",), nodes.SuperMember: ("super",),
    nodes.This: ("this", "self", "@"), nodes.Next: ("next",), nodes.BlockExpr: ("{",),
    nodes.Let: ("let",), nodes.Const: ("const",), nodes.FunctionDecl: ("def", "fn"),
    nodes.While: ("while",), nodes.For: ("for",), nodes.Return: ("return",),
    nodes.Break: ("break",), nodes.Throw: ("throw",), nodes.Try: ("try", "begin"),
    nodes.Handler: ("catch", "rescue"), nodes.BlockStmt: ("{",), nodes.Export: ("export",),
    nodes.ClassDecl: ("class", "module"), nodes.InterfaceDecl: ("interface",),
    nodes.EnumDecl: ("enum",), nodes.Import: ("import",), nodes.StaticBlock: ("static",),
    nodes.Interpolation: ("'", '"'), nodes.ArrayPattern: ("[",), nodes.HashPattern: ("{",),
    nodes.WildcardPattern: ("_",), nodes.ShellCommand: ("`",), nodes.Spread: ("...",),
}  # fmt: skip
"""What the text of a node begins with."""
_NAMED = (nodes.Name, nodes.NamePattern, nodes.Variant)


def misplaced(tree: nodes.Program) -> Iterator[str]:
    """Each node whose place is not where its text is."""
    text = tree.source.text
    for node in nodes.walk(tree.body):
        start, end = node.span
        kind = type(node)
        first = getattr(node, _FROM_FIRST.get(kind, ""), None)
        if not 0 <= start <= end <= len(text):
            yield f"{kind.__name__} at {start}:{end} is not in the text"
        elif first is not None and start != first.span.start:
            yield f"{kind.__name__} begins at {start}, its first part at {first.span.start}"
        elif isinstance(node, nodes.Unary) and start == node.operand.span.start:
            continue  # `unless`
        elif kind in _BEGIN and not text.startswith(_BEGIN[kind], start):
            yield f"{kind.__name__} at {start} is {text[start : start + 10]!r}"
        elif isinstance(node, _NAMED) and not text.startswith((node.name, ":"), start):
            yield f"{node.name} is at {start}, where {text[start : start + 10]!r} stands"
