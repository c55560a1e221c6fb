"""What values must be: annotations, and the contracts of a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...base.near_names import did_you_mean
from ...base.source import Span
from ...tree import nodes
from .annotations import FOREIGN, NAMES, fits, is_known
from .classes import ClassInfo
from .contracts import Contract, HashRule, Others, ValueRule
from .types import ANY, Atom, Shape, Type, shown, type_word
from .walk import Result

if TYPE_CHECKING:
    from .infer import TypeWalk as Walk


def judge_value(walk: Walk, type_: Type, wanted: Type, node: nodes.Node, what: str) -> None:
    """Report a value none of whose kinds is *wanted*."""
    if not type_ or not wanted:
        return
    if not any(fits(one, wanted, strictly=False) for one in type_):
        walk.error("type", f"{what}, this is {_described(type_)}", node.span)


def _described(type_: Type) -> str:
    only = type_[0] if type_ and len(type_) == 1 else None
    if only is not None and only.has_literal:
        value = str(only.literal)
        if only.kind == "string" and len(value) <= 30:
            return f'{shown(type_)} ("{value}")'
        if only.kind in ("int", "float"):
            return f"{shown(type_)} ({value})"
    return shown(type_)


def judge_return_type(walk: Walk, function: nodes.FunctionNode, results: list[Result]) -> None:
    """Report what a function gives that is not of its type (docs/spec §7.2)."""
    ref = function.return_type
    wanted = walk.annotated(ref)
    if ref is None or wanted is ANY or (ref.name.lower() == "void" and not ref.is_array):
        return
    bad = [one for one in results if one.type and not _any_fits(one.type, wanted)]
    for one in bad:
        assert one.type
        message = f"function '{function.name}' expected to return {ref.text}, got "
        if not one.is_implicit and one.node is not None:
            walk.error("return-type", message + type_word(one.type[0]), one.node.span)
        elif len(bad) == len(results):
            walk.error("return-type", message + "null", head(walk, function))
        elif id(one.node) not in walk.chained:  # `if … elsif …` may take all that there is
            walk.warning(
                "missing-return",
                f"'{function.name}' gives null where it ends without a value, not {ref.text}",
                head(walk, function),
                f"write `-> {ref.text}?` if that is meant",
            )


def _any_fits(type_: Type, wanted: Type) -> bool:
    return any(fits(one, wanted, strictly=True) for one in type_ or ())


def head(walk: Walk, function: nodes.FunctionNode) -> Span:
    """The line on which a function begins."""
    end = walk.text.find("\n", function.span.start)
    stop = function.span.end if end < 0 else min(end, function.span.end)
    return Span(function.span.start, max(stop, function.span.start + 1))


def judge_type_names(walk: Walk, classes: set[str]) -> None:
    """Report annotations that name no type."""
    for node in nodes.every(walk.program, (nodes.TypeRef,)):
        if is_known(node.name):
            continue
        value = walk.known.builtins.get(node.name)
        if node.name in classes or node.name in walk.known.names or value is not None:
            continue
        hint = did_you_mean(node.name, [*NAMES, *sorted(classes)])
        if node.name.lower() in FOREIGN:
            hint = f"did you mean '{FOREIGN[node.name.lower()]}'?"
        if walk.sees_not_all and hint is None:
            continue
        walk.error("unknown-type", f"no type '{node.name}'", node.span, hint)


def judge_constants(walk: Walk) -> None:
    """Report assignments to constants, and constants that are declared again."""
    functions = {walk.resolution.functions[id(one)]: one for one in walk.resolution.nodes}
    for variable, node, is_guarded in walk.resolution.assignments:
        constants = walk.resolution.facts(variable).constants
        if is_guarded or not constants:
            continue
        function = functions.get(walk.resolution.inside[id(node)])
        if function is not None and walk.is_guarded(function):
            continue
        name = variable.name
        line = walk.program.source.position(constants[0].span.start).line
        message = f"Type error: cannot reassign constant '{name}'"
        hint = f"it is a constant since line {line}; `let {name} = …` makes a variable"
        walk.error("constant", message, node.target.span, hint)
    for variable, facts in walk.resolution.all:
        places = sorted(one.span.start for one in facts.constants)
        for one in facts.constants:
            if one.span.start != places[0]:
                line = walk.program.source.position(places[0]).line
                message = f"the constant '{variable.name}' is declared on line {line} already"
                walk.warning("constant", message, one.span)


def judge_fields(walk: Walk, info: ClassInfo, given: Type) -> None:
    """Report values that are not of the type of their field, and names that are misspelt."""
    shape = given[0].shape if given and len(given) == 1 else None
    if shape is None or shape.contract:
        return
    declared = [name for one in info.line() for name in one.fields]
    for name, type_ in shape.fields.items():
        field, at = info.field(name), shape.keys[name]
        if isinstance(field, nodes.FieldDecl) and field.type is not None:
            what = f"'{name}' is declared {field.type.text}"
            walk.judge_value(type_, walk.annotated(field.type), at, what)
        elif field is None and name not in walk.member_names:
            hint = did_you_mean(name, declared)
            if hint is not None:
                message = f"{info.name} has no field '{name}'"
                walk.warning("unknown-member", message, at.span, hint)


# --- contracts -----------------------------------------------------------------------------------


def judge_parameters(walk: Walk, function: nodes.FunctionNode, contract: Contract) -> None:
    """Report a function that wants more than the host gives it."""
    plain = [one for one in function.params if not one.is_block]
    required = sum(1 for one in plain if one.default is None)
    given = len(contract.parameters)
    if given and required > given:
        message = f"Wrong number of arguments: expected {required}, got {given}"
        hint = f"'{function.name}' is called with {contract.gives}"
        walk.error("wrong-arguments", message, head(walk, function), hint)


def judge_contract(
    walk: Walk, function: nodes.FunctionNode, rule: HashRule, results: list[Result]
) -> None:
    """Report what the host does not take from *function*."""
    wrong = [one for one in results if one.type and all(a.kind != "hash" for a in one.type)]
    for one in wrong:
        assert one.type
        span = head(walk, function) if one.node is None or one.is_implicit else one.node.span
        message = f"{rule.what}, got {word(one.type[0])}"
        if one.is_implicit and len(wrong) < len(results):
            walk.warning("handler-result", message + " where it ends without one", span, rule.hint)
        else:
            walk.error("handler-result", message, span, rule.hint)
    for one in results:
        for atom in one.type or ():
            if atom.shape is not None and not atom.shape.contract and one.node is not None:
                judge_keys(walk, rule, atom.shape, one.node)


def judge_keys(walk: Walk, rule: HashRule, shape: Shape, node: nodes.Node) -> None:
    """Report keys that are none, and values that they do not take."""
    for key, type_ in shape.fields.items():
        at = shape.keys[key].span
        value_rule = rule.keys.get(key)
        if value_rule is None:
            hint = (
                did_you_mean(key, rule.keys) or f"{rule.word}s are {', '.join(sorted(rule.keys))}"
            )
            walk.warning(f"unknown-{rule.word}", f"unknown {rule.word} '{key}'", at, hint)
            continue
        judge_key(walk, key, value_rule, type_, at)
        needed = rule.together.get(key)
        if needed is not None and shape.is_exact and needed[0] not in shape.fields:
            walk.error("action-value", needed[1], at)


def judge_key(walk: Walk, path: str, rule: ValueRule, type_: Type, at: Span) -> None:
    """Report a value that *rule* does not take, or a part of it."""
    if not type_:
        return
    if rule.kinds and all(one.kind not in rule.kinds and _is_plain(one) for one in type_):
        message = f"{path}: expected {rule.expected}, got {word(type_[0])}"
        is_text = "string" in rule.kinds and type_[0].kind in ("int", "float", "bool")
        hint = "a String stands in quotes; the text of a value is `value.to_s`"
        walk.error("action-value", message, at, hint if is_text else None)
        return
    for atom in type_:
        bad = [one for one in atom.item or () if rule.items and one.kind not in rule.items]
        if bad and len(type_) == 1:
            message = f"{path}: expected {rule.expected}, got an Array with {word(bad[0])}"
            walk.error("action-value", message, at)
        if atom.shape is not None and len(type_) == 1:
            _judge_parts(walk, path, rule, atom.shape, at)


def _is_plain(atom: Atom) -> bool:
    return atom.kind not in ("instance", "enum value", "builtin class")


def _judge_parts(walk: Walk, path: str, rule: ValueRule, shape: Shape, at: Span) -> None:
    for name in rule.required:
        if name in shape.fields or not shape.is_exact:
            continue
        close = next((one for one in shape.fields if did_you_mean(one, [name])), None)
        where = shape.keys[close].span if close is not None else at
        hint = f"the key is '{name}', not '{close}'" if close is not None else None
        message = f"{path}: '{name}' is missing, expected {rule.keys[name].expected}"
        walk.error("action-value", message, where, hint)
    place = f"{path}() " if _is_of_options(rule) else f"{path}."
    for name, type_ in shape.fields.items():
        part = rule.keys.get(name, rule.values)
        if part is not None:
            judge_key(walk, place + name, part, type_, shape.keys[name].span)
        elif rule.others is not None:
            _judge_other(walk, rule, rule.others, name, shape.keys[name].span)


def _is_of_options(rule: ValueRule) -> bool:
    """Of a call, so that errors are about `name() option` and not `key.part`."""
    return rule.others is not None and rule.others.code == "unknown-option"


def _judge_other(walk: Walk, rule: ValueRule, others: Others, name: str, at: Span) -> None:
    """Report a key of a Hash that nobody reads."""
    hint = did_you_mean(name, rule.keys)
    if hint is None and others.only_near:
        return
    message = others.message.format(name)
    walk.report(others.severity, others.code, message, at, hint or _listed(rule))


def _listed(rule: ValueRule) -> str:
    what = "its options are" if _is_of_options(rule) else "it has"
    return f"{what} {', '.join(rule.keys)}"


def judge_rules(walk: Walk, name: str, arguments: list[Type], node: Any) -> None:
    """Report arguments that the builtin *name* refuses for what is in them."""
    if any(one.label for one in node.arguments):
        return
    for index, rule in walk.known.rules.get(name, {}).items():
        if index < len(arguments):
            judge_key(walk, name, rule, arguments[index], node.arguments[index].value.span)


def word(atom: Atom) -> str:
    """How errors of actions call a kind: `Int`, `null`."""
    return shown((atom,))


def unknown_key(walk: Walk, shape: Shape, name: str, at: Any) -> None:
    """Report a key that something never has by contract."""
    hint = did_you_mean(name, shape.fields) or shape.advice.get(name)
    if hint is None and shape.is_open:
        return
    hint = hint or f"it has {', '.join(sorted(shape.fields)) or 'no keys'}"
    walk.warning("unknown-key", f"{shape.contract} has no '{name}'", at, hint)
