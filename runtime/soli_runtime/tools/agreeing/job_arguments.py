"""What jobs are enqueued with, and what their `perform` takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from soli_stdlib.time.schedules import duration_seconds

from soli_lang.base.errors import SoliError
from soli_lang.base.near_names import did_you_mean
from soli_lang.tools.inference.contracts import Others, ValueRule
from soli_lang.tools.inference.judging import judge_key
from soli_lang.tools.inference.types import Type, shown, without_literals
from soli_lang.tree import nodes
from soli_lang.tree.node_type import walk

from ...jobs.cron import parse_cron

Judge = Callable[[Any, nodes.Call, list[Type]], None]
"""(the walk of the program, a call of a method, the types of its arguments) -> nothing."""


class _Places(NamedTuple):
    """Which argument of a method is what."""

    args: int
    """For `perform`."""
    most: int
    """How many it takes at most."""
    options: int | None = None
    delay: int | None = None
    """Seconds or a text such as `5 minutes`."""
    line: int | None = None
    """A cron line."""


_BY_CLASS: Final[Mapping[str, _Places]] = {
    "perform_later": _Places(0, 2, options=1),
    "perform_now": _Places(0, 1),
    "perform_in": _Places(1, 3, options=2, delay=0),
    "perform_at": _Places(1, 3, options=2),
    "schedule_cron": _Places(2, 3, line=1),
}
"""Methods of a job class."""
GIVEN_TO_JOBS: Final = {"perform": frozenset(_BY_CLASS)}
"""What each class has that defines `perform`."""
_BY_NAME: Final[Mapping[str, tuple[str, int, _Places]]] = {
    "enqueue": ("Job", 0, _Places(1, 3, options=2)),
    "enqueue_in": ("Job", 1, _Places(2, 4, options=3, delay=0)),
    "enqueue_at": ("Job", 1, _Places(2, 4, options=3)),
    "schedule": ("Cron", 2, _Places(3, 4, line=1)),
}
"""Method -> whose it is, which argument names the class, and the others."""
_TOLD: Final = frozenset({"String", "Int", "Float", "Bool", "Hash", "Array"})
_OPTIONS: Final = ("queue", "priority", "max_retries")
_OPTIONS_RULE: Final = ValueRule(
    keys={one: ValueRule() for one in _OPTIONS},
    others=Others("warning", "unknown-option", "a job has no option '{}'"),
)


def job_judges(app: Iterable[nodes.Program]) -> Mapping[str, Judge]:
    """Name of a method -> what looks at its calls, for the job classes of *app*."""
    jobs = {name: perform for one in app for name, perform in _jobs(one)}

    def by_class(walk: Any, node: nodes.Call, given: list[Type]) -> None:
        callee: Any = node.callee
        if isinstance(callee.object, nodes.Name) and callee.object.name in jobs:
            _judge(walk, node, given, callee.object.name, jobs, _BY_CLASS[callee.name])

    def by_name(walk: Any, node: nodes.Call, given: list[Type]) -> None:
        callee: Any = node.callee
        owner, at, places = _BY_NAME[callee.name]
        if getattr(callee.object, "name", None) != owner or at >= len(given):
            return
        name = _text(given[at])
        if name is None:
            return
        hint = did_you_mean(name, jobs) if name not in jobs else None
        if hint is not None:
            text, named = f"there is no job class '{name}'", node.arguments[at].value
            walk.error("unknown-name", text, named.span, hint)
        _judge(walk, node, given, name, jobs, places)

    return {**dict.fromkeys(_BY_CLASS, by_class), **dict.fromkeys(_BY_NAME, by_name)}


def _jobs(program: nodes.Program) -> Iterator[tuple[str, nodes.FunctionNode]]:
    for node in walk(program.body):
        if isinstance(node, nodes.ClassDecl):
            for member in node.members:
                if isinstance(member, nodes.MethodDecl) and member.function.name == "perform":
                    yield node.name, member.function


def _text(type_: Type) -> str | None:
    """The text of an argument that is one."""
    only = type_[0] if type_ and len(type_) == 1 else None
    return str(only.literal) if only is not None and isinstance(only.literal, str) else None


def _judge(
    walk: Any,
    node: nodes.Call,
    given: list[Type],
    job: str,
    jobs: Mapping[str, nodes.FunctionNode],
    places: _Places,
) -> None:
    """Look at one call that enqueues *job*."""
    name = node.callee.name  # type: ignore[attr-defined]
    if any(one.label for one in node.arguments):
        return
    if len(given) > places.most:
        text = f"Wrong number of arguments: {name}() takes at most {places.most}, got {len(given)}"
        walk.error("wrong-arguments", text, node.span, "`perform` gets one: a Hash of them")
    _judge_text(walk, node, given, places.delay, duration_seconds, _DELAY)
    _judge_text(walk, node, given, places.line, parse_cron, _LINE)
    if places.options is not None and places.options < len(given):
        span = node.arguments[places.options].value.span
        judge_key(walk, name, _OPTIONS_RULE, given[places.options], span)
    perform = jobs.get(job)
    if perform is not None and perform.params and places.args < len(given):
        argument = node.arguments[places.args].value
        _of_another_type(walk, node, given[places.args], perform.params[0], job)
        _unread(walk, given[places.args], argument, perform, job)


_DELAY: Final = 'a delay is a number of seconds, or a text such as "5 minutes"'
_LINE: Final = 'six fields, seconds first: "0 30 3 * * *"; `Cron.every("5 minutes")` writes one'


def _judge_text(
    walk: Any,
    node: nodes.Call,
    given: list[Type],
    at: int | None,
    reads: Callable[[Any], object],
    hint: str,
) -> None:
    """Report a text that the call cannot read."""
    text = _text(given[at]) if at is not None and at < len(given) else None
    if text is None:
        return
    try:
        reads(text)
    except SoliError as error:
        walk.error("type", error.message, node.arguments[at or 0].value.span, error.hint or hint)


def _of_another_type(
    walk: Any, node: nodes.Call, type_: Type, param: nodes.Param, job: str
) -> None:
    wanted = param.type.text if param.type is not None else ""
    kinds = set(shown(without_literals(type_)).split(" or ")) if type_ else set()
    if wanted == "Float":
        kinds -= {"Int"} if kinds != {"Int"} else kinds
    if wanted not in _TOLD or not kinds or wanted in kinds or not kinds <= _TOLD | {"null"}:
        return
    text = f"Type error: 'perform' takes {wanted} as '{param.name}', this is {shown(type_)}"
    walk.error("type", text, node.span, f"of the job {job}")


def _unread(
    walk: Any, type_: Type, argument: nodes.Node, perform: nodes.FunctionNode, job: str
) -> None:
    """Keys that `perform` does not read, while it reads one spelt alike that is not given."""
    shape = type_[0].shape if type_ and len(type_) == 1 else None
    if shape is None or not shape.is_exact or shape.contract:
        return
    read = set(_read_keys(perform))
    for key in shape.fields:
        hint = did_you_mean(key, read - shape.fields.keys()) if key not in read else None
        if hint is not None:
            at = shape.keys.get(key, argument).span
            walk.warning("unknown-key", f"the job {job} does not read '{key}'", at, hint)


def _read_keys(perform: nodes.FunctionNode) -> Iterator[str]:
    name = perform.params[0].name
    for node in walk(perform):
        if isinstance(node, nodes.Index | nodes.SafeIndex) and isinstance(node.object, nodes.Name):
            key = node.index.value if isinstance(node.index, nodes.Literal) else None
            if node.object.name == name and isinstance(key, str):
                yield key
