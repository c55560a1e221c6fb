"""What jobs are enqueued with, and what their `perform` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from soli_lang.base.near_names import did_you_mean
from soli_lang.tools.checker import ERROR, WARNING, Finding
from soli_lang.tree import nodes
from soli_lang.tree.node_type import walk

_BY_CLASS: Final = {"perform_later": 0, "perform_now": 0, "perform_in": 1, "perform_at": 1}
"""Method of a job class -> which of its arguments `perform` is given."""
GIVEN_TO_JOBS: Final = {"perform": frozenset({*_BY_CLASS, "schedule_cron"})}
"""What each class has that defines `perform`."""
_BY_NAME: Final = {"enqueue": 0, "enqueue_in": 1, "enqueue_at": 1}
"""Method of `Job` -> which of its arguments names the class; the next one is for `perform`."""
_KINDS: Final = {"str": "String", "int": "Int", "float": "Float", "bool": "Bool"}
_TOLD: Final = {*_KINDS.values(), "Hash", "Array"}


class Enqueued(NamedTuple):
    """A call that enqueues a job."""

    job: str
    named: nodes.Node
    """Where the class is named."""
    node: nodes.Call
    given: Any
    """What is written for `perform`; None: nothing."""


def job_arguments(program: nodes.Program, app: Iterable[nodes.Program]) -> list[Finding]:
    """Calls in *program* that enqueue what the job, a class of *app*, cannot be meant to take."""
    jobs = {name: perform for one in app for name, perform in _jobs(one)}
    found: list[Finding] = []
    for one in _enqueued(program):
        perform = jobs.get(one.job)
        if perform is None:
            found += _unknown(program, one, jobs)
        elif perform.params:
            found += _of_another_type(program, one, perform.params[0])
            found += _unread(program, one, perform)
    return found


def _jobs(program: nodes.Program) -> Iterator[tuple[str, nodes.FunctionNode]]:
    for node in walk(program.body):
        if isinstance(node, nodes.ClassDecl):
            for member in node.members:
                if isinstance(member, nodes.MethodDecl) and member.function.name == "perform":
                    yield node.name, member.function


def _enqueued(program: nodes.Program) -> Iterator[Enqueued]:
    for node in walk(program.body):
        callee = node.callee if isinstance(node, nodes.Call) else None
        if not isinstance(callee, nodes.Member) or not isinstance(callee.object, nodes.Name):
            continue
        owner, values = callee.object, [one.value for one in node.arguments]
        if any(one.label for one in node.arguments):
            continue
        if callee.name in _BY_CLASS:
            at = _BY_CLASS[callee.name]
            yield Enqueued(owner.name, owner, node, values[at] if at < len(values) else None)
        elif owner.name == "Job" and _BY_NAME.get(callee.name, len(values)) < len(values):
            at = _BY_NAME[callee.name]
            name: Any = values[at]
            if isinstance(name, nodes.Literal) and isinstance(name.value, str):
                given = values[at + 1] if at + 1 < len(values) else None
                yield Enqueued(name.value, name, node, given)


def _unknown(
    program: nodes.Program, one: Enqueued, jobs: Mapping[str, nodes.FunctionNode]
) -> Iterator[Finding]:
    hint = did_you_mean(one.job, jobs) if isinstance(one.named, nodes.Literal) else None
    if hint is not None:
        text = f"there is no job class '{one.job}'"
        yield Finding(ERROR, "unknown-name", text, program.source, one.named.span, hint)


def _of_another_type(
    program: nodes.Program, one: Enqueued, param: nodes.Param
) -> Iterator[Finding]:
    kind = _kind(one.given)
    wanted = param.type.text if param.type is not None else kind
    if wanted not in _TOLD or kind in ("", wanted) or (wanted, kind) == ("Float", "Int"):
        return
    text = f"Type error: 'perform' takes {wanted} as '{param.name}', this is {kind}"
    yield Finding(ERROR, "type", text, program.source, one.node.span, f"of the job {one.job}")


def _kind(given: Any) -> str:
    """The kind of what is written; empty where the text does not tell."""
    if isinstance(given, nodes.HashLiteral):
        return "Hash"
    if isinstance(given, nodes.ArrayLiteral):
        return "Array"
    return _KINDS.get(type(given.value).__name__, "") if isinstance(given, nodes.Literal) else ""


def _unread(
    program: nodes.Program, one: Enqueued, perform: nodes.FunctionNode
) -> Iterator[Finding]:
    """Keys that `perform` does not read, while it reads one spelt alike that is not given."""
    if not isinstance(one.given, nodes.HashLiteral):
        return
    given = {key.value: key for key, _ in one.given.pairs if isinstance(key, nodes.Literal)}
    if len(given) < len(one.given.pairs):
        return
    read = set(_read_keys(perform))
    for key, node in given.items():
        is_text = isinstance(key, str) and key not in read
        hint = did_you_mean(key, read - given.keys()) if is_text else None
        if hint is not None:
            text = f"the job {one.job} does not read '{key}'"
            yield Finding(WARNING, "unknown-key", text, program.source, node.span, hint)


def _read_keys(perform: nodes.FunctionNode) -> Iterator[str]:
    name = perform.params[0].name
    for node in walk(perform):
        if isinstance(node, nodes.Index | nodes.SafeIndex) and isinstance(node.object, nodes.Name):
            key = node.index.value if isinstance(node.index, nodes.Literal) else None
            if node.object.name == name and isinstance(key, str):
                yield key
