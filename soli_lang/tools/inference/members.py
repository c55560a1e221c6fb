"""Members: what `x.name` and `x.name(…)` find, for every kind of receiver that is known."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ...base.foreign_members import foreign_member
from ...base.near_names import did_you_mean
from ...base.null_hints import error_hint
from ...base.source import Span
from ...meaning.members import CLASS_UNIVERSAL, UNIVERSAL
from ...native.native import NativeMethod
from ...tree import nodes
from ...values.objects import SoliClass
from ...values.values import Function, Symbol
from .classes import ClassInfo
from .narrowing import followed, settled
from .types import ANY, CLASS, ENUM_VALUE, FUNCTION, INSTANCE, STRING, Atom, Type, owner_word

if TYPE_CHECKING:
    from .infer import TypeWalk as Walk

PYTHON: Final[dict[str, type]] = {
    "int": int, "float": float, "decimal": Decimal, "string": str, "bool": bool,
    "null": type(None), "array": list, "hash": dict, "symbol": Symbol, "bytes": bytes,
    FUNCTION: Function,
}  # fmt: skip


class Found:
    """What a member is: a builtin method, a function of the program, or a value."""

    __slots__ = ("builtin", "function", "type")

    def __init__(self, type_: Type = ANY, builtin: Any = None, function: Any = None) -> None:
        self.type = type_
        self.builtin: Any = builtin
        self.function: nodes.FunctionNode | None = function


class Missing:
    """A member that there is not: why reading it fails."""

    __slots__ = ("hint", "is_doubtful", "message", "severity")

    def __init__(self, message: str, hint: str | None, atom: Atom, severity: str = "error") -> None:
        self.message = message
        self.hint = hint
        self.is_doubtful = atom.is_doubtful
        self.severity = severity


def look_up(walk: Walk, atom: Atom, name: str, node: Any, of: Type = None) -> Found | Missing:
    """The member *name* of a value of *atom*, one of the kinds *of*."""
    if atom.kind in (INSTANCE, ENUM_VALUE):
        return _of_instance(walk, atom, name, node)
    if atom.kind == CLASS:
        return _of_class(walk, atom.of, name, atom)
    if atom.kind == "builtin class":
        return _of_builtin_class(atom.of, name)
    kind = PYTHON.get(atom.kind)
    if kind is None:
        return Found()
    method = walk.known.methods.get(name, {}).get(kind)
    if method is not None:
        is_builtin = method.__class__ is NativeMethod and not walk.may_be_added(name)
        return Found(builtin=method) if is_builtin else Found()
    if atom.kind == "hash":
        found = walk.key(atom, name, node.span, _tail(walk, node), of)
        return Found(followed(node.object, found))
    return _missing_on_builtin(walk, atom, kind, name)


def _missing_on_builtin(walk: Walk, atom: Atom, kind: type, name: str) -> Found | Missing:
    if kind is Function and name == "call" and not walk.may_be_added(name):
        return Missing("Cannot access property 'call' on Function", None, atom)
    if walk.may_be_added(name) or not walk.known.methods or kind is Function:
        return Found()
    names = [one for one, table in walk.known.methods.items() if kind in table]
    hint = None
    if atom.kind != "null":
        hint = foreign_member(name, names) or did_you_mean(name, names)
        if hint is None and walk.sees_not_all:
            return Found()
    return Missing(f"Cannot access property '{name}' on {owner_word(atom)}", hint, atom)


# --- instances and classes -----------------------------------------------------------------------


def _of_instance(walk: Walk, atom: Atom, name: str, node: Any) -> Found | Missing:
    info: ClassInfo = atom.of
    if name in UNIVERSAL:
        return Found()
    method = info.method(name)
    declared = info.field(name)
    if method is not None and declared is None and name not in walk.resolution.members:
        return Found(function=method)
    if declared is not None:
        # Where a field of a type `T?` has a value is known to the class, and seldom to its text.
        return Found(settled(walk.annotated(declared.type)))
    if name == "variant" and info.is_enum:
        return Found(STRING)
    if not info.hides_nothing() or name in walk.resolution.members:
        return Found()
    known = info.instance_names() | walk.given_attributes(info)
    if atom.is_self and _may_be_below(info, name):
        return Found()
    if name in known or walk.attributes_are_open(info):
        return Found()
    missing = _missing(walk, atom, name, known)
    if isinstance(missing, Missing) and missing.hint is None:
        missing.hint = _listed(atom)
        if isinstance(node.object, nodes.This):
            missing.hint = f"a field has no value before it gets one: declare it, `{name} = null`"
    return missing


def _may_be_below(info: ClassInfo, name: str) -> bool:
    """Whether classes that come from *info* may have a member that it counts on."""
    return info.is_module or info.is_open_below() or name in info.names_below()


def _of_class(walk: Walk, info: ClassInfo, name: str, atom: Atom) -> Found | Missing:
    static = info.static_method(name)
    if static is not None:
        return Found(function=static)
    if info.is_enum and name in info.variants:
        return Found(_variant(info, name))
    if info.is_module and name in info.methods:
        return Found(function=info.methods[name])
    known = info.class_names()
    opens = any(one.is_open for one in info.line()) or name in walk.resolution.members
    known |= _given_statics(walk, info)
    if name in known or opens:
        return Found()
    missing = _missing(walk, atom, name, known)
    if isinstance(missing, Missing):
        missing.hint = missing.hint or _listed(atom)
    return missing


def _given_statics(walk: Walk, info: ClassInfo) -> set[str]:
    """Static methods that the host gives the class for what it defines."""
    given = walk.known.given_statics.items()
    those = (names for of, names in given if info.method(of) or info.static_method(of))
    return set().union(*those)


def _variant(info: ClassInfo, name: str) -> Type:
    return ANY if info.variants[name] else (Atom(ENUM_VALUE, of=info),)


def _missing(walk: Walk, atom: Atom, name: str, known: Iterable[str]) -> Found | Missing:
    hint = did_you_mean(name, sorted(known))
    if hint is None and walk.sees_not_all:
        return Found()
    return Missing(f"Cannot access property '{name}' on {owner_word(atom)}", hint, atom)


def _listed(atom: Atom) -> str | None:
    """What there is instead: the variants of an enum, the members of an instance."""
    info: ClassInfo = atom.of
    if info.is_enum and atom.kind == CLASS:
        return f"its variants are {', '.join(info.variants)}"
    names = list(dict.fromkeys(name for one in info.line() for name in [*one.fields, *one.methods]))
    own = [name for name in names if name != "new"][:_MOST_LISTED]
    return f"it has {', '.join(own)}" if atom.kind == INSTANCE and own else None


_MOST_LISTED: Final = 8
"""Members that a hint names."""


def _of_builtin_class(klass: SoliClass, name: str) -> Found | Missing:
    found = klass.find_static(name)
    if found is not None and hasattr(found, "low"):
        return Found(builtin=found)
    if found is not None or name in CLASS_UNIVERSAL or name == "new" or klass.construct is not None:
        return Found()
    known = sorted({*klass.static_names()})
    if not known:
        return Found()
    atom = Atom(CLASS, of=klass)
    return Missing(
        f"Cannot access property '{name}' on {klass.name}", did_you_mean(name, known), atom
    )


# --- reading -------------------------------------------------------------------------------------


def find_members(walk: Walk, node: Any, left: Type) -> list[tuple[Atom, Found]] | None:
    """What `node` (a Member) finds for each kind of its receiver; None where nothing is known, or
    where it fails, which is reported."""
    if not left:
        return None
    found = [(atom, look_up(walk, atom, node.name, node, left)) for atom in left]
    missing = [one for _, one in found if isinstance(one, Missing)]
    if missing and len(missing) == len(found):
        report_missing(walk, node, missing[0])
        return None
    if missing:
        failing = [atom for atom, one in found if isinstance(one, Missing)]
        doubtful = [atom for atom in failing if atom.is_doubtful]
        # A message is Bytes rarely enough that nobody asks for it.
        if doubtful and all(one.is_doubtful or one.kind == "bytes" for one in failing):
            walk.doubt(node, node.object, missing[0].message)
        return None
    return [(atom, one) for atom, one in found if isinstance(one, Found)]


def report_missing(walk: Walk, node: Any, missing: Missing) -> None:
    """Report a member that no kind of its receiver has."""
    code = "unknown-member"
    hint = missing.hint
    if missing.message.endswith(" on null"):
        code = "null"
        hint = error_hint(missing.message, walk.written(node))
    walk.report(missing.severity, code, missing.message, member_span(walk, node), hint)


def member_span(walk: Walk, node: Any) -> Span:
    """Where a member is named: its own line, where a chain goes over several."""
    receiver = node.object.span
    position = walk.program.source.position
    if position(receiver.start).line == position(node.span.end).line:
        return Span(node.span.start, node.span.end)
    return _tail(walk, node)


def _tail(walk: Walk, node: Any) -> Span:
    """The name of a member, without its receiver."""
    if not isinstance(node, nodes.Member):
        return Span(node.span.start, node.span.end)
    at = walk.text.rfind(node.name, node.object.span.end, node.span.end)
    return Span(at, at + len(node.name)) if at >= 0 else Span(node.span.start, node.span.end)


def received(type_: Type, receiver: Atom) -> Type:
    """What a method gives that gives `this`: its receiver."""
    if type_ is None or receiver.kind != INSTANCE:
        return type_
    return tuple(receiver if one.is_self else one for one in type_)


def read_type(walk: Walk, node: Any, atom: Atom, found: Found) -> Type:
    """What `x.name` gives without a call behind it."""
    if found.function is not None:
        if all(param.default is not None or param.is_block for param in found.function.params):
            return received(walk.result_of(found.function), atom)
        return (Atom(FUNCTION, of=None),)
    builtin = found.builtin
    if builtin is None:
        return found.type
    if getattr(builtin, "bare", None) or getattr(builtin, "auto", False):
        return walk.given_by_builtin(builtin, atom, node.name, [], ANY)
    return ANY
