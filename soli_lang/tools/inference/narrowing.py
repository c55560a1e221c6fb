"""What a condition says of variables and their parts, where it holds and where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ...evaluator.scopes import Variable
from ...tree import nodes
from ..checking.shapes import PRINTERS
from .environment import UNSET
from .types import ANY, INSTANCE, Atom, Type

if TYPE_CHECKING:
    from .infer import TypeWalk as Walk

_MOST_PARTS: Final = 40
"""Parts of a chain of `&&` that are looked at."""


def narrowed(walk: Walk, condition: Any, *, holds: bool) -> None:
    """Note in the environment what follows where *condition* holds, or where it does not."""
    pending = [(condition, holds)]
    for _ in range(_MOST_PARTS):
        if not pending:
            return
        node, is_true = pending.pop()
        if isinstance(node, nodes.Unary) and node.operator == "!":
            pending.append((node.operand, not is_true))
        elif isinstance(node, nodes.Logical):
            joint = "&&" if is_true else "||"
            if node.operator == joint:
                pending += [(node.right, is_true), (node.left, is_true)]
        else:
            _one(walk, node, is_true)


def _one(walk: Walk, node: Any, is_true: bool) -> None:
    if isinstance(node, nodes.Binary) and node.operator in ("==", "!="):
        _equal(walk, node, is_true == (node.operator == "=="))
    elif isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Member):
        _asked(walk, node.callee, node.arguments, is_true)
    elif isinstance(node, nodes.Member):
        _asked(walk, node, (), is_true)
        _filter(walk, node, truthy if is_true else _falsy)
    elif isinstance(node, nodes.Name | nodes.Index):
        _filter(walk, node, truthy if is_true else _falsy)
    elif isinstance(node, nodes.Assign):
        _filter(walk, node.target, truthy if is_true else _falsy)


# --- places --------------------------------------------------------------------------------------


def key_of(walk: Walk, node: Any) -> Any:
    """The key of the environment for a variable, or for `variable["key"]`; None for all else."""
    if isinstance(node, nodes.Assign):
        node = node.target
    if isinstance(node, nodes.Name):
        return walk.resolution.variables.get(id(node))
    if isinstance(node, nodes.Index) and isinstance(node.index, nodes.Literal):
        name = node.index.value
    elif isinstance(node, nodes.Member):
        name = node.name
    else:
        return None
    if not isinstance(node.object, nodes.Name) or not isinstance(name, str):
        return None
    variable = walk.resolution.variables.get(id(node.object))
    return None if variable is None else (variable, name)


def followed(receiver: Any, part: Type) -> Type:
    """What is known of a part of *receiver*: conditions are followed for parts of variables only,
    so null in `a["b"]["c"]` may be a value that somebody asked about."""
    is_followed = isinstance(receiver, nodes.Name | nodes.HashLiteral)
    return part if is_followed or part is None or all(one.kind != "null" for one in part) else ANY


def known_of(walk: Walk, node: Any) -> Type:
    """What is known of the value of *node*, without walking it again."""
    key = key_of(walk, node)
    if key is None:
        return ANY
    found: Any = walk.environment.get(key)
    if found is not UNSET:
        return None if found is None else tuple(found)
    if isinstance(key, tuple):
        return walk.part_of(walk.environment.get(key[0]), key[1])
    read: Any = walk.read(key)
    return None if read is UNSET else read


def _filter(walk: Walk, node: Any, keep: Callable[[Atom], Atom | None]) -> None:
    key = key_of(walk, node)
    if key is None or not _is_steady(walk, key):
        return
    known = known_of(walk, node)
    if known is None:
        return
    kept = (keep(atom) for atom in known)
    walk.narrow(key, tuple(atom for atom in kept if atom is not None))


def _is_steady(walk: Walk, key: Any) -> bool:
    """Whether nobody else can give it another value meanwhile."""
    variable = key[0] if isinstance(key, tuple) else key
    return not walk.resolution.facts(variable).is_set_elsewhere


_FALSE: Final = {"int": 0, "string": "", "bool": False}


def truthy(atom: Atom) -> Atom | None:
    """*atom* without the values that count as false; None if there are no others."""
    if atom.kind == "null":
        return None
    if atom.has_literal and atom.kind in _FALSE and atom.literal == _FALSE[atom.kind]:
        return None
    return replace(atom, literal=True) if atom.kind == "bool" else atom


def _falsy(atom: Atom) -> Atom | None:
    if atom.kind in ("null", "array", "hash"):
        return replace(atom, is_doubtful=False)
    if atom.kind in _FALSE:
        if atom.has_literal and atom.literal != _FALSE[atom.kind]:
            return None
        return Atom(atom.kind, _FALSE[atom.kind]) if atom.kind == "bool" else atom
    return None


# --- questions -----------------------------------------------------------------------------------


def _equal(walk: Walk, node: nodes.Binary, is_equal: bool) -> None:
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(other, nodes.Literal):
            _is_literal(walk, one, other.value, is_equal)
    left, right = node.left, node.right
    if isinstance(left, nodes.Call) and isinstance(right, nodes.Literal):
        kind = right.value
        asks = isinstance(left.callee, nodes.Name) and left.callee.name == "type"
        if asks and len(left.arguments) == 1 and isinstance(kind, str):
            _is_kind(walk, left.arguments[0].value, kind.lower(), is_equal)


def _is_literal(walk: Walk, node: Any, value: Any, is_equal: bool) -> None:
    if value is None:
        _is_kind(walk, node, "null", is_equal)
    elif isinstance(value, str):
        _filter(walk, node, lambda atom: _with_text(atom, value, is_equal))
        _follow_origin(walk, node, value, is_equal)
    elif is_equal:
        _filter(walk, node, lambda atom: None if atom.kind == "null" else atom)


def _with_text(atom: Atom, value: str, is_equal: bool) -> Atom | None:
    if atom.kind != "string":
        # An object of an error equals its text.
        return None if is_equal and atom.kind != INSTANCE else atom
    if atom.has_literal:
        return atom if (atom.literal == value) == is_equal else None
    return Atom("string", value) if is_equal else atom


def _follow_origin(walk: Walk, node: Any, value: str, is_equal: bool) -> None:
    """`event["type"] == "message"`, or a variable that was given that, tells what the event is."""
    key = key_of(walk, node)
    if isinstance(key, tuple):
        variable, name = key
    elif key is not None and walk.origins.get(key) is not None:
        variable, name = walk.origins[key]
    else:
        return
    known = walk.environment.get(variable)
    if known is UNSET or known is ANY:
        return
    kept = tuple(atom for atom in known if _may_have(atom, name, value) == is_equal
                 or _may_differ(atom, name, value))  # fmt: skip
    if len(kept) < len(known):
        walk.narrow(variable, kept)


def _part(atom: Atom, name: str) -> Atom | None:
    """The one known value of a part."""
    if atom.shape is None or not atom.shape.contract:
        return None
    found = atom.shape.fields.get(name)
    return found[0] if found is not None and len(found) == 1 else None


def _may_have(atom: Atom, name: str, value: str) -> bool:
    part = _part(atom, name)
    return part is not None and part.has_literal and part.literal == value


def _may_differ(atom: Atom, name: str, value: str) -> bool:
    part = _part(atom, name)
    return part is None or not part.has_literal


def _is_kind(walk: Walk, node: Any, kind: str, is_equal: bool) -> None:
    known = known_of(walk, node)
    key = key_of(walk, node)
    if key is None or not _is_steady(walk, key):
        return
    if known is None:
        if is_equal and kind in _KINDS and not isinstance(key, tuple):
            walk.narrow(key, (Atom(kind),))
        return
    kept = tuple(atom for atom in known if (atom.kind == kind) == is_equal)
    walk.narrow(key, settled(kept) if kind == "null" else kept)


def settled(of: Type) -> Type:
    """*of*, where the program knows of the null: it asked, so it is not told again."""
    return None if of is None else tuple(replace(one, is_doubtful=False) for one in of)


def settle(walk: Walk, node: Any) -> None:
    """Note that the program asks about *node* in a way that is not followed any further."""
    key = key_of(walk, node)
    if key is None or not _is_steady(walk, key):
        return
    known = known_of(walk, node)
    if known is not None and any(one.kind == "null" for one in known):
        walk.narrow(key, settled(known) if len(known) > 1 else ANY)


def settle_asked(walk: Walk, value: Any) -> None:
    """`has = x != null`: what `has` says of `x` later is not followed."""
    for node in nodes.walk(value):
        if isinstance(node, nodes.Binary) and node.operator in ("==", "!="):
            settle(walk, node.left)
            settle(walk, node.right)
        elif isinstance(node, nodes.Logical):
            settle(walk, node.left)
        elif isinstance(node, nodes.Unary):
            settle(walk, node.operand)
        elif isinstance(node, nodes.Member) and node.name in _QUESTIONS:
            settle(walk, node.object)


def asked(program: nodes.Program, variables: Mapping[int, Variable]) -> frozenset[Variable]:
    """The variables that some condition is about, or whose size is asked for."""
    pending: list[Any] = []
    for node in nodes.every(program, _TESTING):
        pending.extend(getattr(node, field) for field in node.row.tests)
    pending += [node.left for node in nodes.every(program, (nodes.Logical,))]
    pending += [node.subject for node in nodes.every(program, (nodes.Match,))]
    for node in nodes.every(program, (nodes.Binary,)):
        if node.operator in nodes.COMPARISONS:
            pending += [node.left, node.right]
    for node in nodes.every(program, (nodes.Member,)):
        if node.name in _SIZES:
            pending.append(node.object)
    for node in nodes.every(program, (nodes.Call,)):
        if isinstance(node.callee, nodes.Name) and node.callee.name not in PRINTERS:
            pending += [one.value for one in node.arguments]
    names = (one for root in pending if root is not None for one in nodes.walk(root))
    found = (variables.get(id(one)) for one in names if isinstance(one, nodes.Name))
    return frozenset(one for one in found if one is not None)


_TESTING: Final = nodes.kinds(lambda row: row.tests)
_SIZES: Final = frozenset({"length", "size", "count", "empty?", "any?", "present?", "blank?"})
_QUESTIONS: Final = frozenset({"nil?", "present?", "blank?", "is_a?"})


_KINDS: Final = frozenset(
    {"int", "float", "decimal", "string", "bool", "null", "array", "hash", "symbol", "bytes"}
)


_OF_NO_NULL: Final = frozenset({"present?", "length", "empty?"})
"""What is never true of null."""


def _asked(walk: Walk, member: nodes.Member, arguments: tuple[Any, ...], is_true: bool) -> None:
    """`x.nil?`, `x.present?`, `x.is_a?("int")`, `x&.name`."""
    name = member.name
    if name == "nil?":
        _is_kind(walk, member.object, "null", is_true)
    elif name == "is_a?" and len(arguments) == 1:
        wanted = arguments[0].value
        text = wanted.value if isinstance(wanted, nodes.Literal) else None
        if isinstance(text, str) and text.lower() in _KINDS:
            _is_kind(walk, member.object, text.lower(), is_true)
        elif is_true:
            walk_without_null(walk, member.object)
    elif (name in _OF_NO_NULL or member.is_safe) if is_true else name == "blank?":
        walk_without_null(walk, member.object)


def walk_without_null(walk: Walk, node: Any) -> None:
    """Note that *node* is not null here."""
    _filter(walk, node, lambda atom: None if atom.kind == "null" else atom)


def literal_is(walk: Walk, node: Any, value: Any) -> None:
    """Note that *node* equals a literal here."""
    _is_literal(walk, node, value, is_equal=True)
