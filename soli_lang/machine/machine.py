"""The state that one interpreter's running code shares: budget, capabilities, builtins, methods.

Compiled closures capture the machine once, so two interpreters in a process never see each other.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from operator import length_hint
from time import perf_counter, thread_time
from typing import Any

from ..base.errors import (
    Cancelled,
    LimitError,
    SoliArgumentError,
    SoliError,
    SoliSyntaxError,
    SoliTypeError,
    SoliValueError,
    Thrown,
    let_go,
)
from ..base.limits import Capabilities, Limits
from ..base.source import Source
from ..values.display import inspect, to_text
from ..values.method_tables import MethodTable
from ..values.objects import ErrorValue, SoliClass
from ..values.semantics import equals
from ..values.values import Function, Value
from .keys import Kept, KeptDict
from .memory import resident_bytes

TURNS = 64
"""Turns of a loop that are paid for at a time."""
NO_TURNS: Iterator[int] = iter(())
"""Turns that are paid for and not run, of a loop that is not running."""
CHUNK = 512
"""Steps between two looks at the clock and the step budget."""

STEP_SECONDS = 1e-7
"""What a step that a builtin charges is worth of computing, roughly."""

STEPS_UNSEEN = 16 * CHUNK
"""Steps between two looks at the memory of the process; a step keeps some hundred bytes at most."""

NOT_BEGUN, PAST = -1.0, 1e-9
"""Deadlines: nobody looked at the clock yet; the call is to end now."""

PATIENCE = 20
"""Times `max_seconds` that a call may take by the wall clock: it may block without computing."""

FREE_SOURCE = 2048
"""Characters of a program that is read for nothing: in some hundredths of a second at most."""
STEPS_PER_TOKEN = 16
BYTES_PER_TOKEN = 512
"""What each pass over a program's text takes for each of its tokens, roughly."""
STEPS_PER_CLOSURE = 64
BYTES_PER_CLOSURE = 2048
"""What compiling an expression takes, roughly."""

CROWDED = 16_384
"""Entries of a hash from which on an Int key makes us look at the clock (`check_time`).

Python puts an Int where its digits say, so a program can fill the very places that another Int
tries one after the other: looking that one up takes as long as the hash is large.
"""

BIG_TEXT = 256
"""Characters of a written text from which on it is counted as built."""

UNCATCHABLE = (LimitError, Cancelled, SoliSyntaxError)
"""What no `catch` or `rescue` of a program sees (docs/spec §9.4)."""


OUTSIDE: KeptDict = {}
"""`Machine.local` while no call runs; never written to."""


def _ignored(klass: SoliClass) -> None:
    pass


class Machine:
    """Budget, depth, capabilities, globals and method tables of one interpreter."""

    __slots__ = (
        "_cpu",
        "_cpu_end",
        "_full",
        "_resident",
        "_unseen",
        "_wall_end",
        "bytes_left",
        "capabilities",
        "deadline",
        "depth",
        "error_classes",
        "fuel",
        "globals",
        "library",
        "limits",
        "local",
        "max_depth",
        "max_length",
        "methods",
        "modules",
        "on_class",
        "steps_left",
        "timer",
        "type_classes",
    )

    def __init__(
        self,
        limits: Limits,
        capabilities: Capabilities,
        timer: Callable[[], float] = perf_counter,
        cpu: Callable[[], float] | None = None,
    ) -> None:
        self.limit_calls(limits)
        self.capabilities = capabilities
        self.timer = timer
        # A limit of computing is CPU time. Reading that is a system call, so it is read when the
        # wall clock says that time may be over.
        self._cpu = cpu or (thread_time if timer is perf_counter else timer)
        self._cpu_end = self._wall_end = 0.0
        self._unseen = 0
        """Steps since somebody looked at the memory."""
        self._resident = 0
        """The memory of the process when the running call was first looked at; 0: not yet."""
        self.fuel = CHUNK
        """Steps until `refuel` must be asked."""
        self.steps_left = -1
        """Steps beyond `fuel`; below zero means no limit."""
        self.deadline = 0.0
        """On `timer`'s scale, or NOT_BEGUN; 0 means no limit."""
        self.bytes_left = limits.max_call_bytes or 2**62
        """Bytes that the running call may still build."""
        self.depth = 0
        self.max_depth = limits.max_depth or 10**9
        self.max_length = limits.max_value_bytes or 2**62
        self.globals: dict[str, Value] = {}
        """Names that every file sees unless it shadows them: builtins, helpers, host functions."""
        self.methods: dict[str, MethodTable] = {}
        self.modules: dict[str, Any] = {}
        """Loaded import files by name."""
        self.error_classes: dict[str, SoliClass] = {}
        self.type_classes: dict[str, tuple[type, ...]] = {}
        """Class name (`String`) -> Python classes of its values, for `class_eval` on builtins."""
        self.on_class: Callable[[SoliClass], None] = _ignored
        """Called with each class when its declaration was run."""
        library: KeptDict = {}
        self.library: Kept = library
        """What builtins keep for as long as the interpreter lives: its clock, its stores."""
        local: KeptDict = {}
        self.local: Kept = local
        """What belongs to the call that is running (the host's current connection, request…)."""

    # --- budget ------------------------------------------------------------------------------

    def guarded(self, code: Callable[..., Value], *arguments: Value) -> Value:
        """Run *code* with a fresh budget; the budget of a call around it is kept and put back.

        Raises SoliError only: running out of Python's own stack or memory becomes a LimitError.
        """
        saved = self.save()
        self.start_budget()
        try:
            return code(*arguments)
        except RecursionError:
            raise self.too_deep() from None
        except MemoryError:
            raise LimitError("out of memory") from None
        except UnicodeEncodeError as error:
            raise SoliValueError(f"not Unicode text: {error.reason}") from None
        finally:
            self.restore(saved)

    def tell_of_classes(self, told: Callable[[SoliClass], None]) -> None:
        """Call *told* with each class when its declaration was run."""
        self.on_class = told

    def limit_calls(self, limits: Limits) -> None:
        """Give calls the steps, time and bytes of *limits* from their next budget on.

        Depth and the size of one value stay as they were when the machine was made.
        """
        self.limits = limits
        steps = limits.max_steps
        fuel = min(CHUNK, steps) if steps else CHUNK
        left = steps - fuel if steps else -1
        # Most calls end before they would look at the clock: it begins with the first look.
        deadline = NOT_BEGUN if limits.max_seconds else 0.0
        self._full = (fuel, left, deadline, limits.max_call_bytes or 2**62, 0, 0)

    def start_budget(self) -> None:
        """A full budget of steps, time, bytes and depth."""
        (
            self.fuel,
            self.steps_left,
            self.deadline,
            self.bytes_left,
            self.depth,
            self._resident,
        ) = self._full

    def enter(self, function: Callable[[Any], Any], argument: Any, local: KeptDict) -> Any:
        """`function(argument)` with a full budget, and with *local* as what belongs to the call."""
        (  # `start_budget`, written out
            self.fuel,
            self.steps_left,
            self.deadline,
            self.bytes_left,
            self.depth,
            self._resident,
        ) = self._full
        self.local = local
        try:
            return function(argument)
        finally:
            self.local = OUTSIDE

    def save(self) -> tuple[Any, ...]:
        """The running call's budget, depth and local data; see `restore`."""
        left = self.deadline
        if left > 0 and left != PAST:
            left = max(self._cpu_end - self._cpu(), PAST)
        return (self.fuel, self.steps_left, left, self.depth, self.local, self.bytes_left)

    def restore(self, saved: tuple[Any, ...]) -> None:
        """Go on with what `save` returned; time between the two does not count as computing."""
        self.fuel, self.steps_left, left, self.depth, self.local, self.bytes_left = saved
        self.deadline = left
        if left > 0:
            self._begin_time(left)

    def refuel(self) -> None:
        """Called when `fuel` is used up. Raises LimitError at the end of the budget.

        What is charged beyond `fuel` is work about to begin, and nothing interrupts it: it must
        fit into the time that is left.
        """
        if self.deadline and self.timer() - self.fuel * STEP_SECONDS > self.deadline:
            self._look_at_time(-self.fuel * STEP_SECONDS)
        self._unseen += CHUNK - self.fuel
        if self._unseen >= STEPS_UNSEEN:
            self._look_at_memory()
        if self.steps_left < 0:
            self.fuel = CHUNK
        elif self.steps_left == 0:
            raise LimitError(f"step limit exceeded ({self.limits.max_steps} steps)")
        else:
            self.fuel = min(CHUNK, self.steps_left)
            self.steps_left -= self.fuel

    def pay_turns(self) -> int:
        """Charge the next turn of a loop, and some after it where a budget is far from its end, so
        that it ends at the same step however turns are paid for. How many after it."""
        if self.fuel > TURNS and self.steps_left:
            self.fuel -= TURNS
            return TURNS - 1
        count = TURNS if self.steps_left < 0 or self.steps_left > TURNS else 1
        self.spend(count)
        return count - 1

    def steps_ahead(self) -> int:
        """Charge some steps that are to follow, where a budget is far from its end. How many."""
        if self.fuel > TURNS and self.steps_left:
            self.fuel -= TURNS
            return TURNS
        if 0 <= self.steps_left <= TURNS:
            return 0
        self.spend(TURNS)
        return TURNS

    def count_turns(self, first: int, last: Value) -> Iterator[int]:
        """Charge turns of a loop that counts from *first* up to *last*, as `pay_turns` does, and
        no more than there are: the numbers of these turns."""
        count = 1
        if last.__class__ is int and last - first > 1:
            count = min(last - first, TURNS)
            if self.fuel > count and self.steps_left:
                self.fuel -= count
                return iter(range(first, first + count))
            if 0 <= self.steps_left <= TURNS:
                count = 1
        self.spend(count)
        return iter(range(first, first + count))

    def span_turns(self, first: int, last: int) -> tuple[int, Iterator[int]]:
        """(the number of the turn after those, what `count_turns` gives)"""
        numbers = self.count_turns(first, last)
        return first + length_hint(numbers), numbers

    def give_back(self, numbers: Iterator[int]) -> Iterator[int]:
        """Give back what was paid for turns that are not run: those left in *numbers*. What stands
        for them: none."""
        self.fuel += length_hint(numbers)
        return NO_TURNS

    def check_time(self) -> None:
        """Look at the clock now. Raises LimitError past the end.

        For work that is little as a rule and much where somebody meant it to be: see `CROWDED`.
        """
        if self.deadline and self.timer() > self.deadline:
            self._look_at_time(0.0)

    def end_now(self) -> None:
        """Let the running call end at its next look at the clock: for a signal."""
        self.deadline = PAST

    def end_within(self, seconds: float) -> None:
        """Let the call that begins compute for *seconds* at most."""
        most = self.limits.max_seconds
        self._begin_time(min(seconds, most) if most else seconds)

    def _begin_time(self, seconds: float) -> None:
        now = self.timer()
        self.deadline = now + seconds
        self._cpu_end = self._cpu() + seconds
        self._wall_end = now + seconds * PATIENCE

    def _look_at_time(self, ahead: float) -> None:
        """Its time is over by the wall clock, or begins; work about to begin takes *ahead*."""
        if self.deadline == NOT_BEGUN:
            self._begin_time(self.limits.max_seconds)
            if ahead <= self.limits.max_seconds:
                return
        elif self.deadline != PAST:
            left, now = self._cpu_end - self._cpu(), self.timer()
            if left > ahead and now < self._wall_end:
                self.deadline = now + left
                return
        limit = f"({self.limits.max_seconds:g} s of computing)"
        raise LimitError(f"time limit exceeded {limit}")

    def _look_at_memory(self) -> None:
        """End a call during which the process grew beyond what it may build.

        Small values are not claimed one by one. What a program makes and drops does not count.
        """
        self._unseen = 0
        most = self.limits.max_call_bytes
        if not most:
            return
        resident = resident_bytes()
        if not self._resident:
            self._resident = resident
        elif resident - self._resident > most:
            raise self._out_of_memory()

    def _out_of_memory(self) -> LimitError:
        most = self.limits.max_call_bytes
        return LimitError(f"memory limit exceeded ({most} bytes built by one call)")

    def steps_used(self) -> int | None:
        """Steps since the budget of the running call was full; None where they are not limited."""
        if self.steps_left < 0:
            return None
        fuel, steps = self._full[:2]
        return fuel + steps - self.fuel - self.steps_left

    def spend(self, steps: int) -> None:
        """Charge *steps* for work that a builtin does in one go, before it does it."""
        self.fuel -= steps
        if self.fuel <= 0:
            if self.steps_left > 0:
                self.steps_left = max(0, self.steps_left + self.fuel)
            self.refuel()

    def pay_for_source(self, tokens: int) -> None:
        """Charge a pass over *tokens* of a program's text. Raises LimitError."""
        self.spend(STEPS_PER_TOKEN * tokens)
        self.claim(BYTES_PER_TOKEN * tokens)

    def text(self, value: Value) -> str:
        """The display form of *value*, paid for. Raises LimitError."""
        text = to_text(value, self.spend)
        if text is not value and len(text) > BIG_TEXT:
            self.check_length(len(text))
        return text

    def inspect(self, value: Value) -> str:
        """The inspect form of *value*, paid for. Raises LimitError."""
        text = inspect(value, self.spend)
        if len(text) > BIG_TEXT:
            self.check_length(len(text))
        return text

    def equals(self, left: Value, right: Value) -> bool:
        """`==`, paid for. Raises LimitError."""
        return equals(left, right, self.spend)

    def too_deep(self, name: str = "") -> LimitError:
        """The error for calls inside calls: *name* would be one too many of them.

        Without a name: the limit is not reached, but Python's own stack is used up.
        """
        if name:
            limit = f"({self.max_depth} frames)"
            return LimitError(f'call stack too deep {limit} in "{name}" — unbounded recursion?')
        message = "call stack too deep (Python's stack is used up) — unbounded recursion?"
        return LimitError(message, hint=stack_hint())

    def check_length(self, length: int) -> None:
        """Claim *length* bytes (8 per item of a collection) for a value that is about to be built.

        Raises LimitError when one value, or all that the running call built, would be too large.
        """
        self.check_growth(length)
        self.claim(length)

    def claim(self, length: int) -> None:
        """Claim *length* bytes of what the running call may build, beside values' own lengths."""
        self.bytes_left -= length
        if self.bytes_left < 0:
            raise self._out_of_memory()

    def check_growth(self, length: int) -> None:
        """Refuse to let a value that is there already grow to *length* bytes."""
        if length > self.max_length:
            raise LimitError(
                f"value too large: {length} bytes (limit {self.limits.max_value_bytes})"
            )

    # --- errors ------------------------------------------------------------------------------

    def caught(self, error: SoliError) -> Value:
        """What `catch e` binds for *error*: the thrown value, or an object of an error class."""
        let_go(error)
        if isinstance(error, Thrown):
            return error.value
        if error.instance is None:
            error.instance = self.error_object(error)
        return error.instance

    def error_object(self, error: SoliError) -> ErrorValue:
        """An object of the class `error.kind` with its message, place and backtrace."""
        line, column = error.place
        value = ErrorValue(
            self.error_classes.get(error.kind) or self.error_classes["Error"],
            {
                "message": error.message,
                "line": line,
                "column": column,
                "file": error.source.name if error.source is not None else None,
                "backtrace": [str(frame).strip() for frame in error.backtrace],
            },
        )
        value.raised = (error.message, line, column)
        return value

    # --- calls from native code ----------------------------------------------------------------

    def callback(
        self, function: Value, count: int, *, keep_skip: bool = False
    ) -> Callable[..., Value]:
        """A Python callable of *count* arguments that calls the Soli callable *function*.

        Surplus arguments are dropped, missing ones are null (docs/spec §6.5). A callback
        that ends in `next` or `break` yields null, or SKIP with *keep_skip*.
        """
        if function.__class__ is not Function:
            call = function.soli_call if hasattr(function, "soli_call") else None
            if call is None:
                raise SoliTypeError("expects a function argument")

            def charged(*arguments: Value) -> Value:
                # Builtins cost no step by themselves: a loop over them would be free.
                self.spend(1)
                return call(list(arguments), None, None)

            return charged
        if function.code.pending:
            function.code.prepare(function)
        if keep_skip and function.raw is not None:
            return _adapted(function, count, function.raw)
        return _adapted(function, count, function.invoke)

    def call(self, function: Value, *arguments: Value) -> Value:
        """Call a Soli callable with exactly these arguments; the usual arity errors apply."""
        if function.__class__ is Function:
            if function.arity == len(arguments):
                return function.invoke(*arguments)
            return function.call(list(arguments), None, None)
        call = getattr(function, "soli_call", None)
        if call is None:
            raise SoliTypeError("Cannot call non-function value")
        return call(list(arguments), None, None)

    def suspend(self, awaitable: Awaitable[Any], user: str) -> Any:
        """Wait for *awaitable* without stopping anybody else; *user* is the builtin that waits."""
        suspend = self.capabilities.require("suspend", user)
        saved = self.save()
        try:
            return suspend(awaitable)
        finally:
            self.restore(saved)

    # --- methods on builtin types ------------------------------------------------------------

    def methods_named(self, name: str) -> MethodTable:
        """The live table of all methods called *name*, by the receiver's Python class."""
        table = self.methods.get(name)
        if table is None:
            table = self.methods[name] = MethodTable()
        return table

    def find_method(self, value: Value, name: str) -> Any:
        """The builtin or added method *name* of a value's type, or None."""
        table = self.methods.get(name)
        return table.get(value.__class__) if table is not None else None


def is_paid(source: Source) -> bool:
    """Whether reading and compiling *source* is charged to the budget."""
    return len(source.text) > FREE_SOURCE


def _adapted(function: Function, count: int, invoke: Callable[..., Value]) -> Callable[..., Value]:
    """*invoke* made to take *count* arguments."""
    arity = function.arity
    if arity == count:
        return invoke
    if arity < 0:
        call = function.call
        most = sum(1 for param in function.node.params if not param.is_block)
        return lambda *arguments: call(list(arguments[:most]), None, None)
    if arity == 0:
        return lambda *_: invoke()
    if arity == 1 and count:
        return lambda first, *_: invoke(first)
    if arity < count:
        return lambda *arguments: invoke(*arguments[:arity])
    padding = (None,) * (arity - count)
    return lambda *arguments: invoke(*arguments, *padding)


def stack_hint() -> str:
    """What a host can do about a stack that is too small."""
    return (
        f"Python's recursion limit is {sys.getrecursionlimit()}; `sys.setrecursionlimit(10_000)` "
        "in the program that embeds Soli gives it the room of `soli run`"
    )


def arity_error(expected: int, got: int, called: str = "") -> SoliArgumentError:
    """`Wrong number of arguments: expected N, got M`; *called* is what the hint shows of it."""
    hint = f"it is {called}" if called else None
    message = f"Wrong number of arguments: expected {expected}, got {got}"
    return SoliArgumentError(message, hint=hint)
