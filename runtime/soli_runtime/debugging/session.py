"""A conversation with one client of the debugger: its requests, and what it is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from soli_lang.base.errors import SoliError
from soli_lang.tools.debugging.breakpoints import Breakpoint, hit_fault
from soli_lang.tools.debugging.debugger import ALL, IN, OUT, OVER, UNCAUGHT, kind_of
from soli_lang.tools.debugging.frames import Frame
from soli_lang.tools.debugging.showing import shown

from .event_frames import EventFrame
from .framing import Message, Writer
from .program import DebuggedProgram, Past
from .references import NotThere, References, change
from .standing import Standing

CAPABILITIES: Message = {
    "supportsConfigurationDoneRequest": True,
    "supportsConditionalBreakpoints": True,
    "supportsHitConditionalBreakpoints": True,
    "supportsLogPoints": True,
    "supportsSetVariable": True,
    "supportsEvaluateForHovers": True,
    "supportsClipboardContext": True,
    "supportsExceptionInfoRequest": True,
    "supportsTerminateRequest": True,
    "supportsValueFormattingOptions": False,
    "supportsStepBack": True,
    "exceptionBreakpointFilters": [
        {"filter": UNCAUGHT, "label": "Uncaught Errors", "default": True},
        {"filter": ALL, "label": "All Errors", "default": False},
    ],
}
MOST_FRAMES = 1_000
"""Frames in one answer."""


class Refused(Exception):
    """A request cannot be done. The text says why."""


class Session:
    """What one client asks for, once it is trusted."""

    def __init__(self, program: DebuggedProgram, writer: Writer) -> None:
        self._program = program
        self._writer = writer
        self._references = References()
        self._supports_invalidated = False
        self._going: list[Standing] = []

    # --- what it is told ---

    def stopped(self, standing: Standing) -> None:
        """A program has stopped."""
        stopped = standing.stopped
        body: Message = {
            "reason": stopped.reason,
            "threadId": stopped.thread.id,
            "allThreadsStopped": standing.holds_all,
        }
        if stopped.hit:
            body["hitBreakpointIds"] = stopped.hit
        if stopped.text:
            body |= {"description": stopped.text, "text": stopped.text}
        self._writer.event("stopped", **body)

    def said(self, text: str, frame: Frame | None) -> None:
        """The debugger has something to say."""
        body: Message = {"category": "console", "output": text + "\n"}
        if frame is not None:
            body |= {"source": _source(frame.source.name), "line": frame.line}
        self._writer.event("output", **body)

    def placed(self, breakpoints: list[Breakpoint]) -> None:
        """Breakpoints have found their places."""
        for one in breakpoints:
            self._writer.event("breakpoint", reason="changed", breakpoint=_described(one))

    def thread(self, number: int, reason: str) -> None:
        """A connection has come, or is gone."""
        self._writer.event("thread", reason=reason, threadId=number)

    # --- requests ---

    def handle(self, request: Message) -> None:
        """Do what a request asks for, and answer."""
        command = request.get("command")
        found = _COMMANDS.get(command) if isinstance(command, str) else None
        if found is None:
            self._writer.refuse(request, f"there is no request '{command}'")
            return
        arguments = request.get("arguments")
        given = arguments if isinstance(arguments, dict) else {}
        self._do(request, lambda: found(self, request, given))
        self._let_go()

    def _do(self, request: Message, work: Callable[[], Message | None]) -> None:
        """Answer with what *work* gives; None: it is answered later."""
        try:
            body = work()
        except (Refused, NotThere) as refused:
            self._writer.refuse(request, str(refused))
        except SoliError as error:
            self._writer.refuse(request, error.message)  # its place is in no file
        except RecursionError:
            self._writer.refuse(request, "too deep")
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            self._writer.refuse(request, f"the request is not as it should be: {error}")
        else:
            if body is not None:
                self._writer.answer(request, body)

    def _let_go(self) -> None:
        """Let what was told to go on do so: answered first, since a program may end at once."""
        while self._going:
            self._program.go_on(self._going.pop())

    def _there(
        self, request: Message, standing: Standing, work: Callable[[], Message]
    ) -> Message | None:
        """Do *work* where the program stands."""

        def checked() -> Message:
            if standing.is_over:
                raise Refused("the program went on")
            return work()

        standing.do(lambda: self._do(request, checked))
        return None

    def configure(self, arguments: Message) -> None:
        """What the client can do."""
        self._supports_invalidated = bool(arguments.get("supportsInvalidatedEvent"))

    def _initialize(self, request: Message, given: Message) -> Message:
        self.configure(given)
        return dict(CAPABILITIES)

    def _set_breakpoints(self, request: Message, given: Message) -> Message:
        source = given.get("source")
        path = source.get("path") if isinstance(source, dict) else None
        if not isinstance(path, str):
            raise Refused("setBreakpoints needs source.path")
        wanted = given.get("breakpoints")
        if wanted is None:
            wanted = [{"line": line} for line in given.get("lines") or ()]
        made = [self._breakpoint(one) for one in wanted]
        usable = [one for one, fault in made if not fault]
        self._program.debugger.set_breakpoints(path, usable)
        return {"breakpoints": [_described(one, fault) for one, fault in made]}

    def _breakpoint(self, given: Any) -> tuple[Breakpoint, str]:
        """(what was asked for, what is wrong with it)"""
        hit = str(given.get("hitCondition") or "")
        made = Breakpoint(
            given["id"] if isinstance(given.get("id"), int) else self._program.next_id(),
            int(given["line"]),
            condition=str(given.get("condition") or "").strip(),
            hit_condition=hit,
            log_message=str(given.get("logMessage") or ""),
        )
        return made, hit_fault(hit)

    def _set_exceptions(self, request: Message, given: Message) -> Message:
        filters = [one for one in given.get("filters") or () if isinstance(one, str)]
        options = given.get("filterOptions") or ()
        filters += [one["filterId"] for one in options if isinstance(one, dict)]
        self._program.debugger.set_filters(set(filters) & {ALL, UNCAUGHT})
        return {"breakpoints": [{"verified": one in (ALL, UNCAUGHT)} for one in filters]}

    def _none_set(self, request: Message, given: Message) -> Message:
        return {"breakpoints": []}

    def _configured(self, request: Message, given: Message) -> Message:
        self._program.configured()
        return {}

    def _attach(self, request: Message, given: Message) -> Message:
        self._program.begin(stops_on_entry=bool(given.get("stopOnEntry")))
        return {}

    def _threads(self, request: Message, given: Message) -> Message:
        return {"threads": [{"id": one.id, "name": one.name} for one in self._program.threads()]}

    def _stack(self, request: Message, given: Message) -> Message | None:
        standing = self._standing(given)

        def work() -> Message:
            found = standing.stopped.frames
            start = int(given.get("startFrame") or 0)
            end = start + (int(given.get("levels") or 0) or MOST_FRAMES)
            shown_frames = [self._frame(standing, one) for one in found[start:end]]
            return {"stackFrames": shown_frames, "totalFrames": len(found)}

        return self._there(request, standing, work)

    def _frame(self, standing: Standing, frame: Frame) -> Message:
        name = self._program.function_of(frame)
        return {
            "id": self._references.of_frame(standing, frame),
            "name": name,
            "source": _source(frame.source.name),
            "line": frame.line,
            "column": frame.column,
        }

    def _standing(self, given: Message) -> Standing:
        found = self._program.standing(given.get("threadId"))
        if found is None:
            raise Refused(f"thread {given.get('threadId')} does not stand")
        return found

    def _scopes(self, request: Message, given: Message) -> Message | None:
        standing, frame = self._references.frame(given.get("frameId"))
        references, past = self._references, self._program.past
        more = [] if past is None else past.scopes()
        return self._there(
            request, standing, lambda: {"scopes": references.scopes(standing, frame, more)}
        )

    def _variables(self, request: Message, given: Message) -> Message | None:
        held = self._references.held(given.get("variablesReference"))
        start, count = int(given.get("start") or 0), int(given.get("count") or 0)

        def work() -> Message:
            parts = held.parts(start, count)
            return {"variables": self._references.listed(held, parts)}

        return self._there(request, held.standing, work)

    def _set_variable(self, request: Message, given: Message) -> Message | None:
        held = self._references.held(given.get("variablesReference"))
        name, text = str(given["name"]), str(given["value"])

        def work() -> Message:
            value = self._program.evaluate(held.standing, held.frame, text)
            change(held, name, value)
            self._invalidate()
            found = self._references.described(held.standing, held.frame, value)
            return {"value": shown(value), **found}

        return self._there(request, held.standing, work)

    def _evaluate(self, request: Message, given: Message) -> Message | None:
        if given.get("frameId"):
            standing, frame = self._references.frame(given["frameId"])
        else:
            found = self._program.last_stop()
            if found is None or not found.stopped.frames:
                raise Refused("nothing has stopped: there is no place to evaluate in")
            standing, frame = found, found.stopped.frames[0]
        text, context = str(given["expression"]), given.get("context")

        def work() -> Message:
            value = self._program.evaluate(standing, frame, text)
            if context == "repl":
                self._invalidate()
            width = 1_000_000 if context == "clipboard" else 1_000
            found = self._references.described(standing, frame, value)
            return {"result": shown(value, width), **found}

        return self._there(request, standing, work)

    def _invalidate(self) -> None:
        if self._supports_invalidated:
            self._writer.event("invalidated", areas=["variables"])

    def _error_info(self, request: Message, given: Message) -> Message:
        error = self._standing(given).stopped.error
        if error is None:
            raise Refused("the thread did not stop at an error")
        return {
            "exceptionId": kind_of(error),
            "description": error.message,
            "breakMode": "always" if ALL in self._program.debugger.filters else "unhandled",
            "details": {
                "message": error.message,
                "typeName": kind_of(error),
                "stackTrace": "\n".join(str(frame) for frame in error.backtrace),
            },
        }

    # --- going on ---

    def _continue(self, request: Message, given: Message) -> Message:
        self._go_on(self._standing(given))
        return {"allThreadsContinued": False}

    def _go_on(self, standing: Standing) -> None:
        self._references.forget(standing)
        self._going.append(standing)

    def _step(self, given: Message, kind: str) -> Message:
        standing = self._standing(given)
        past, found = self._program.past, standing.stopped.frames
        if past is not None and (not found or isinstance(found[0], EventFrame)):
            past.step()
        else:
            self._program.debugger.step(standing.stopped, kind)
        self._go_on(standing)
        return {}

    def _pause(self, request: Message, given: Message) -> Message:
        self._program.pause(given.get("threadId"))
        return {}

    def _past(self) -> Past:
        """The recording that runs, and stands. Raises Refused."""
        past = self._program.past
        if past is None:
            raise Refused("only a recording can be gone back in: launch with mode replay")
        return past

    def _travel(self, go: Callable[[Past], None]) -> Message:
        """Have the recording go elsewhere in time."""
        past, standing = self._past(), self._program.last_stop()
        if standing is None:
            raise Refused("the recording runs: pause it first")
        go(past)
        self._go_on(standing)
        return {}

    def _go_to(self, request: Message, given: Message) -> Message:
        number, count = given.get("index"), len(self._past().events())
        if number.__class__ is not int or not 0 <= number < count:
            raise Refused(f"index has to be a number from 0 to {count - 1}")
        return self._travel(lambda past: past.go_to(number))

    def _events(self, request: Message, given: Message) -> Message:
        past = self._past()
        return {"events": past.events(), "current": past.current}

    def _sources(self, request: Message, given: Message) -> Message:
        files = self._program.debugger.files
        return {"sources": [_source(path) for path in list(files) if not path.startswith("<")]}

    def _terminate(self, request: Message, given: Message) -> Message:
        raise Refused("the debugger was attached to this program: disconnect from it")

    def _disconnect(self, request: Message, given: Message) -> Message:
        self._program.let_go()
        return {}


Command = Callable[[Session, Message, Message], Message | None]

_COMMANDS: dict[str, Command] = {
    "initialize": Session._initialize,
    "attach": Session._attach,
    "setBreakpoints": Session._set_breakpoints,
    "setExceptionBreakpoints": Session._set_exceptions,
    "setFunctionBreakpoints": Session._none_set,
    "configurationDone": Session._configured,
    "threads": Session._threads,
    "stackTrace": Session._stack,
    "scopes": Session._scopes,
    "variables": Session._variables,
    "setVariable": Session._set_variable,
    "evaluate": Session._evaluate,
    "exceptionInfo": Session._error_info,
    "continue": Session._continue,
    "next": lambda session, request, given: session._step(given, OVER),
    "stepIn": lambda session, request, given: session._step(given, IN),
    "stepOut": lambda session, request, given: session._step(given, OUT),
    "pause": Session._pause,
    "stepBack": lambda session, request, given: session._travel(lambda past: past.back()),
    "reverseContinue": lambda session, request, given: session._travel(lambda past: past.reverse()),
    "soli/events": Session._events,
    "soli/goto": Session._go_to,
    "loadedSources": Session._sources,
    "terminate": Session._terminate,
    "disconnect": Session._disconnect,
}


def _source(name: str) -> Message:
    if name.startswith("<"):
        return {"name": name}
    path = Path(name).resolve()
    return {"name": path.name, "path": str(path)}


def _described(one: Breakpoint, fault: str = "") -> Message:
    """A breakpoint as the protocol has it."""
    found: Message = {"id": one.id, "verified": one.at is not None and not fault}
    found["line"] = one.line if one.at is None else one.at
    if fault or one.message:
        found["message"] = fault or one.message
    return found
