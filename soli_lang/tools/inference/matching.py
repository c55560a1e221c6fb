"""`match`: what its arms bind, and whether one of them always fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...base.near_names import did_you_mean
from ...tree import nodes
from .classes import ClassInfo
from .narrowing import key_of, literal_is, settle
from .types import ANY, CLASS, ENUM_VALUE, Atom, Type, join, kinds
from .walk import EXPRESSIONS, visits

if TYPE_CHECKING:
    from .infer import TypeWalk as Walk


@visits(EXPRESSIONS, nodes.Match)
def _match(walk: Walk, node: nodes.Match) -> Type:
    subject = walk.infer(node.subject)
    settle(walk, node.subject)
    before = walk.environment
    types, branches = [], []
    for arm in node.arms:
        branches.append(before.fork())
        with walk.branch(branches[-1]):
            _bind(walk, arm.pattern)
            _narrow(walk, node.subject, arm)
            if arm.guard is not None:
                walk.infer(arm.guard)
            types.append(_arm_type(walk, arm.body))
        _judge_pattern(walk, arm.pattern, subject)
    if branches:
        before.take(branches)
    _judge_cases(walk, node, subject)
    return join(types)


def _arm_type(walk: Walk, body: Any) -> Type:
    if isinstance(body, nodes.Next):
        walk.environment.is_dead = True
        return ()
    return walk.infer(body)


def _narrow(walk: Walk, subject: Any, arm: nodes.Arm) -> None:
    if isinstance(arm.pattern, nodes.LiteralPattern) and key_of(walk, subject) is not None:
        literal_is(walk, subject, arm.pattern.value)


_PATTERN_KINDS: Final = {"Int": "int", "Float": "float", "Bool": "bool", "String": "string"}


def _bind(walk: Walk, root: nodes.Pattern) -> None:
    pending: list[Any] = [root]
    while pending:
        pattern = pending.pop()
        variable = walk.resolution.variables.get(id(pattern))
        if variable is not None and not isinstance(pattern, nodes.EnumPattern):
            kind = _PATTERN_KINDS.get(getattr(pattern, "type_name", ""))
            walk.environment.set(variable, ANY if kind is None else (Atom(kind),))
        pending.extend(nodes.children(pattern))


def _enum(walk: Walk, pattern: nodes.EnumPattern) -> ClassInfo | None:
    variable = walk.resolution.variables.get(id(pattern))
    declared = walk.resolution.facts(variable).declared if variable is not None else []
    info = walk.classes.by_node.get(id(declared[0])) if len(declared) == 1 else None
    return info if info is not None and info.is_enum else None


def _judge_pattern(walk: Walk, pattern: Any, subject: Type) -> None:
    if isinstance(pattern, nodes.EnumPattern):
        _judge_variant(walk, pattern)
    elif isinstance(pattern, nodes.LiteralPattern) and isinstance(pattern.value, str):
        walk.judge_choice(subject, pattern.value, pattern)


def _judge_variant(walk: Walk, pattern: nodes.EnumPattern) -> None:
    info = _enum(walk, pattern)
    if info is None:
        return
    names = info.variants.get(pattern.variant)
    if names is None:
        message = f"this never fits: '{info.name}' has no variant '{pattern.variant}'"
        hint = did_you_mean(pattern.variant, info.variants)
        walk.warning("unknown-variant", message, pattern.span, hint)
    elif pattern.fields is not None and len(pattern.fields) != len(names):
        message = (
            f"this never fits: '{pattern.variant}' has {len(names)} values, "
            f"not {len(pattern.fields)}"
        )
        walk.warning("unknown-variant", message, pattern.span)


def _judge_cases(walk: Walk, node: nodes.Match, subject: Type) -> None:
    """Warn where values are left out of an enum, or of the Bools, that the arms are about."""
    free = [arm.pattern for arm in node.arms if arm.guard is None]
    if any(isinstance(one, nodes.WildcardPattern | nodes.NamePattern) for one in free):
        return
    missing = _missing_variants(walk, node, free, subject) or _missing_bools(free, subject)
    if missing:
        walk.warning(
            "not-exhaustive",
            f"match leaves out {', '.join(missing)}",
            node.span,
            "add an arm for it, or `_ => …` for all that is left",
        )


def _missing_variants(walk: Walk, node: nodes.Match, free: list[Any], subject: Type) -> list[str]:
    patterns = [arm.pattern for arm in node.arms]
    enums = [_enum(walk, one) for one in patterns if isinstance(one, nodes.EnumPattern)]
    if not enums or len(enums) != len(patterns) or any(one is not enums[0] for one in enums):
        return []
    info = enums[0]
    if isinstance(node.subject, nodes.Call | nodes.Member) and _is_variant(walk, node.subject):
        return []
    if info is None or (subject and kinds(subject) - {ENUM_VALUE, CLASS}):
        return []
    covered = {one.variant for one in free if _covers(one)}
    return [f"{info.name}.{name}" for name in info.variants if name not in covered]


def _is_variant(walk: Walk, subject: Any) -> bool:
    """Whether the subject is written as one variant: `Light.Dim(3)`."""
    member = subject.callee if isinstance(subject, nodes.Call) else subject
    if not isinstance(member, nodes.Member) or not isinstance(member.object, nodes.Name):
        return False
    return member.object.name in walk.classes.by_name


def _covers(pattern: nodes.EnumPattern) -> bool:
    """Whether each value of the variant fits."""
    free = (nodes.WildcardPattern, nodes.NamePattern)
    return pattern.fields is None or all(isinstance(one, free) for one in pattern.fields)


def _missing_bools(free: list[Any], subject: Type) -> list[str]:
    if kinds(subject) != {"bool"}:
        return []
    seen = {one.value for one in free if isinstance(one, nodes.LiteralPattern)}
    if any(isinstance(one, nodes.TypePattern) for one in free):
        return []
    return [text for text, value in (("true", True), ("false", False)) if value not in seen]
