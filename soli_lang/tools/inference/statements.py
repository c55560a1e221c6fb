"""Statements: what they bind, where they branch, what they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...tree import nodes
from .narrowing import narrowed, settle_asked
from .types import ANY, NULL
from .walk import STATEMENTS, visits

if TYPE_CHECKING:
    from .infer import TypeWalk as Walk


@visits(STATEMENTS, nodes.Let, nodes.Const)
def _let(walk: Walk, node: Any, is_tail: bool) -> None:
    type_ = NULL if node.value is None else walk.value(node.value)
    wanted = walk.annotated(node.type)
    if node.type is not None and node.value is not None:
        walk.judge_value(type_, wanted, node.value, f"'{node.name}' is declared {node.type.text}")
    variable = walk.resolution.variables.get(id(node))
    if variable is not None:
        walk.assign(variable, type_ if node.type is None or wanted is ANY else wanted)
        if node.value is not None:
            settle_asked(walk, node.value)
        if node.type is not None:
            walk.declared_types[variable] = (node.type.text, wanted)
    _no_value(walk, node, is_tail)


def _no_value(walk: Walk, node: Any, is_tail: bool) -> None:
    if is_tail:
        walk.give(NULL, node, is_implicit=True)


@visits(STATEMENTS, nodes.FunctionDecl, nodes.ClassDecl, nodes.EnumDecl)
def _declaration(walk: Walk, node: Any, is_tail: bool) -> None:
    variable = walk.resolution.variables.get(id(node))
    if variable is not None:
        walk.assign(variable, walk.declared(node))
    _no_value(walk, node, is_tail)


@visits(STATEMENTS, nodes.InterfaceDecl)
def _interface(walk: Walk, node: Any, is_tail: bool) -> None:
    _no_value(walk, node, is_tail)


@visits(STATEMENTS, nodes.Import)
def _import(walk: Walk, node: nodes.Import, is_tail: bool) -> None:
    """The names are there from the beginning (`infer`)."""


@visits(STATEMENTS, nodes.Export)
def _export(walk: Walk, node: nodes.Export, is_tail: bool) -> None:
    walk.walk_statement(node.declaration, is_tail=is_tail)


@visits(STATEMENTS, nodes.If)
def _if(walk: Walk, node: nodes.If, is_tail: bool) -> None:
    walk.infer(node.condition)
    then, otherwise = walk.environment.fork(), walk.environment.fork()
    with walk.branch(then):
        narrowed(walk, node.condition, holds=True)
        walk.walk_body(node.then, is_tail=is_tail)
    with walk.branch(otherwise):
        narrowed(walk, node.condition, holds=False)
        if node.otherwise is not None:
            walk.chained.update(id(one) for one in node.otherwise.statements[:1])
            walk.walk_body(node.otherwise, is_tail=is_tail)
        elif is_tail:
            walk.give(NULL, node, is_implicit=True)
    walk.environment.take([then, otherwise])


@visits(STATEMENTS, nodes.While)
def _while(walk: Walk, node: nodes.While, is_tail: bool) -> None:
    walk.unsettle(node)
    walk.infer(node.condition)
    with walk.branch(walk.environment.fork()):
        narrowed(walk, node.condition, holds=True)
        walk.walk_body(node.body)
    if _is_endless(node):
        walk.environment.is_dead = True
    _no_value(walk, node, is_tail)


def _is_endless(node: nodes.While) -> bool:
    if not isinstance(node.condition, nodes.Literal) or node.condition.value is not True:
        return False
    inside = nodes.walk(node.body, _ENDING_BREAKS)
    return not any(isinstance(one, nodes.Break) for one in inside)


_ENDING_BREAKS = nodes.SCOPES | {nodes.While, nodes.For}
"""Kinds whose `break` is their own."""


@visits(STATEMENTS, nodes.For)
def _for(walk: Walk, node: nodes.For, is_tail: bool) -> None:
    over = walk.infer(node.iterable)
    item = walk.item_of(over, node.iterable)
    walk.unsettle(node.body)
    variable, index = walk.resolution.bound.get(id(node), (None, None))
    with walk.branch(walk.environment.fork()):
        if variable is not None:
            walk.environment.set(variable, ANY if _is_assigned(walk, node, variable) else item)
        if index is not None:
            walk.environment.set(index, ANY)
        walk.walk_body(node.body)
    _no_value(walk, node, is_tail)


def _is_assigned(walk: Walk, node: nodes.For, variable: Any) -> bool:
    """Whether the body gives the variable of its loop another value."""
    return walk.resolution.facts(variable).writes > 2


@visits(STATEMENTS, nodes.Return)
def _return(walk: Walk, node: nodes.Return, is_tail: bool) -> None:
    if node.value is None:
        walk.give(NULL, node)
    else:
        give_value(walk, node.value)
    walk.environment.is_dead = True


def give_value(walk: Walk, node: Any) -> None:
    """Note what *node* gives the function; each branch of `? :` by itself."""
    if not isinstance(node, nodes.Conditional):
        walk.give(walk.infer(node), node)
        return
    walk.infer(node.condition)
    for part, holds in ((node.then, True), (node.otherwise, False)):
        with walk.branch(walk.environment.fork()):
            narrowed(walk, node.condition, holds=holds)
            give_value(walk, part)


@visits(STATEMENTS, nodes.Conditional)
def _conditional(walk: Walk, node: nodes.Conditional, is_tail: bool) -> None:
    if is_tail:
        give_value(walk, node)
    else:
        walk.infer(node)


@visits(STATEMENTS, nodes.Break, nodes.Next)
def _leave(walk: Walk, node: Any, is_tail: bool) -> None:
    """Behind a loop nothing of its body is known, so there is nothing to keep."""
    if walk.frame.blocks[-1] is not walk.resolution.root:
        walk.give(ANY, node)
        walk.environment.is_dead = True


@visits(STATEMENTS, nodes.Throw)
def _throw(walk: Walk, node: nodes.Throw, is_tail: bool) -> None:
    walk.infer(node.value)
    walk.environment.is_dead = True


@visits(STATEMENTS, nodes.BlockStmt)
def _block(walk: Walk, node: nodes.BlockStmt, is_tail: bool) -> None:
    walk.walk_body(node.body, is_tail=is_tail)


def _swallows(final: nodes.Body | None) -> bool:
    """Whether a `finally` may put something in the place of an error."""
    if final is None:
        return False
    return any(one.row.leaves for one in nodes.walk(final, nodes.SCOPES))


@visits(STATEMENTS, nodes.Try)
def _try(walk: Walk, node: nodes.Try, is_tail: bool) -> None:
    walk.unsettle(node.body)
    branches = [walk.environment.fork()]
    with walk.branch(branches[0]), walk.silence(bool(node.handlers) or _swallows(node.final)):
        walk.walk_body(node.body, is_tail=is_tail)
    for handler in node.handlers:
        branches.append(walk.environment.fork())
        with walk.branch(branches[-1]):
            for variable in walk.resolution.bound.get(id(handler), ()):
                if variable is not None:
                    walk.environment.set(variable, ANY)
            walk.walk_body(handler.body, is_tail=is_tail)
    walk.environment.take(branches)
    if node.final is not None:
        was_dead, walk.environment.is_dead = walk.environment.is_dead, False
        walk.walk_body(node.final)
        walk.environment.is_dead = was_dead or walk.environment.is_dead
