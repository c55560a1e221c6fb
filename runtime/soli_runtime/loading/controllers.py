"""From `"controller#action"` to what is called: a function of a file, or a method of a class.

A controller is a file of functions or a class `PostsController`; each request gets an instance
of its own (docs/spec §L24.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

from soli_lang.base.errors import SoliError
from soli_lang.base.records import Record
from soli_lang.base.source import Source
from soli_lang.machine.machine import Machine
from soli_lang.meaning.declared import checking_arguments
from soli_lang.meaning.members import new_instance
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Function, Symbol, Value

from ..http.current import REQUEST
from ..http.responses import is_response_hash
from ..routing.event_use import BODY_PARTS, body_parts_seen, parts_seen
from ..routing.handler import Handler
from ..routing.messages import checking, declared_in
from ..routing.returns import definition_of, place_of


class Definitions(Protocol):
    """A loaded file: what it defined at its top level."""

    @property
    def source(self) -> Source: ...

    def get(self, name: str) -> Value: ...

    def functions(self) -> Mapping[str, Function]: ...


class Unknown(Record, frozen=True):
    """A route's target that does not exist, and what may have been meant."""

    message: str
    hint: str | None = None


class Controllers:
    """The controllers of an app, by name, and the single file that may stand beside them."""

    def __init__(
        self, machine: Machine, files: Mapping[str, Definitions], main: Definitions | None
    ) -> None:
        self._machine = machine
        self._files = files
        self._main = main

    def files_of(self, target: str) -> Iterator[Definitions]:
        """The files that may define a target, first the one that does.

        What a single file defines wins over what stands in the controller's file beside it.
        """
        controller, _, action = target.partition("#")
        file, main = self._files.get(controller), self._main
        if main is not None and (file is None or _defines(main, controller, action)):
            yield main
        if file is not None:
            yield file

    def find(self, target: str, takes: str = "request") -> Handler | Unknown:
        """What a route's target means; *takes* is what it would be given."""
        controller, _, action = target.partition("#")
        class_name = controller_class(controller)
        definitions = next(self.files_of(target), None)
        if definitions is None:
            return self._no_controller(controller)
        klass = definitions.get(class_name)
        if isinstance(klass, SoliClass):
            method = klass.find_method(action)
            if method is None:
                return _no_action(target, action, takes, _methods(klass), f"class {class_name}")
            handler = self._of_class(target, klass, action, method, definitions.source)
            return self._checking(handler, takes)
        function = definitions.get(action)
        if not isinstance(function, Function):
            where = f"controller '{controller}'" if controller in self._files else "this file"
            return _no_action(target, action, takes, list(definitions.functions()), where)
        return self._checking(self._of_function(target, function, definitions.source), takes)

    def _checking(self, handler: Handler, takes: str) -> Handler:
        """*handler*, which gets what its file declares (`ws_message`)."""
        file = "" if handler.source is None else handler.source.name
        declared = declared_in(self._machine, file) if takes == "event" else {}
        if declared:
            handler.guard(lambda invoke: checking(self._machine, invoke, declared))
        return handler

    def _of_function(self, target: str, function: Function, source: Source) -> Handler:
        return Handler(
            target,
            checking_arguments(self._machine, function, self._machine.callback(function, 1)),
            place=_place(function, source),
            place_of=partial(place_of, function, source),
            function=function,
            source=source,
            event_parts=parts_seen(function),
            body_parts=body_parts_seen(function),
        )

    def _of_class(
        self, target: str, klass: SoliClass, action: str, method: Any, source: Source
    ) -> Handler:
        return Handler(
            target,
            checking_arguments(
                self._machine, method, class_action(self._machine, klass, action, method)
            ),
            place=_place(method, source),
            place_of=partial(place_of, method, source),
            function=method,
            source=source,
            body_parts=_parts_seen_in(klass, method),
        )

    def _no_controller(self, controller: str) -> Unknown:
        close = _nearest(controller, self._files)
        if close:
            return Unknown(f"unknown controller '{controller}'", f"did you mean '{close}'?")
        hint = f"it would be app/controllers/{controller}_controller.soli"
        return Unknown(f"unknown controller '{controller}'", hint)


def _parts_seen_in(klass: SoliClass, method: Any) -> tuple[str, ...]:
    """What an action of a class sees of a body; hooks are given the request too."""
    if hooks_of(klass, "before_action") or hooks_of(klass, "after_action"):
        return BODY_PARTS
    return body_parts_seen(getattr(method, "code", None))


def _defines(main: Definitions, controller: str, action: str) -> bool:
    """Whether the single file has what a target names, as a function or in a class."""
    klass = main.get(controller_class(controller))
    if isinstance(klass, SoliClass):
        return klass.find_method(action) is not None
    return isinstance(main.get(action), Function)


def controller_class(controller: str) -> str:
    """The class that a controller's file may define: `admin/blog_posts` → `BlogPostsController`."""
    last = controller.rsplit("/", 1)[-1]
    return "".join(part[:1].upper() + part[1:] for part in last.split("_")) + "Controller"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches  # only needed for what is wrong

    return next(iter(get_close_matches(name, list(known), n=1)), None)


def _no_action(target: str, action: str, takes: str, known: list[str], where: str) -> Unknown:
    close = _nearest(action, known)
    hint = f"did you mean '{close}'?" if close else f"define it: def {action}({takes}) … end"
    return Unknown(f"unknown action '{action}' in \"{target}\": {where} does not define it", hint)


def _methods(klass: SoliClass) -> list[str]:
    return [name for ancestor in klass.ancestors for name in ancestor.methods]


def _place(function: Any, source: Source) -> str:
    """`file:line` of a definition."""
    node = definition_of(function)
    if node is None:
        return source.name
    return f"{source.name}:{source.position(node.span.start).line}"


# --- class controllers -------------------------------------------------------------------------

Hook = tuple[frozenset[str], Value]
"""The actions that a hook is for (none: all), and the function."""


def class_action(
    machine: Machine, klass: SoliClass, action: str, method: Any
) -> Callable[[Value], Value]:
    """A callable of the event or request that runs *action* with the hooks around it."""
    before = hooks_of(klass, "before_action")
    after = hooks_of(klass, "after_action")

    def invoke(argument: Value) -> Value:
        instance = new_instance(klass, [], None)
        context = machine.local.get(REQUEST)
        for function in _for_action(before, action):
            stopped = machine.callback(function, 1)(argument)
            if context is not None and context.rendered is not None:
                return None  # what it rendered is the answer
            if isinstance(stopped, dict) and "status" in stopped:
                return _checked(stopped)
        if context is not None:
            context.instance = instance
        result = machine.callback(method.bind(instance), 1)(argument)
        for function in _for_action(after, action):
            changed = machine.callback(function, 2)(argument, result)
            if is_response_hash(changed):
                result = changed
        return result

    return invoke


def _checked(stopped: dict[Any, Value]) -> Value:
    """The response by which a hook stops. What only looks like one lets nobody through."""
    if not is_response_hash(stopped):
        raise SoliError(
            "before_action: a Hash with a status that is no response",
            hint="stop with halt(…) or another response; end with null to go on",
        )
    return stopped


def hooks_of(klass: SoliClass, name: str) -> list[Hook]:
    """The hooks of a controller class, those of its ancestors first."""
    hooks: list[Hook] = []
    for ancestor in reversed(klass.ancestors):
        general = ancestor.statics.get(name)
        if isinstance(general, Function):
            hooks.append((frozenset(), general))
        for only, function in ancestor.statics.get(f"_{name}s") or []:
            hooks.append((frozenset(_action_name(action) for action in only), function))
    return hooks


def _action_name(action: Value) -> str:
    return action.name if isinstance(action, Symbol) else str(action)


def _for_action(hooks: list[Hook], action: str) -> list[Value]:
    return [function for only, function in hooks if not only or action in only]
