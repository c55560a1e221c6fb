"""What a host holds: an interpreter, and the programs loaded into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base.collecting import Paused
from .base.errors import SoliError, SoliNameError, SoliSyntaxError
from .base.limits import Capabilities, Limits
from .base.source import NOWHERE, Source
from .evaluator.scopes import FileScope, Scopes
from .machine.machine import Machine, is_paid
from .meaning.declared import CHECKS_TYPES, check_arguments
from .modules import import_names
from .native.native import host_function
from .tree import nodes
from .values.values import UNSET, Function, Value


class Interpreter:
    """One isolated Soli world: its builtins, its budget, its programs.

    *library* installs builtins (`soli_stdlib.install`); without one a program has none. A program
    reaches nothing outside itself but what *capabilities* grants. `call` checks the declared types
    of parameters; with *check_types* a program checks all types that it declares, wherever they
    stand. Not thread-safe: one thread at a time.
    """

    def __init__(
        self,
        library: Callable[[Machine], None] | None = None,
        *,
        capabilities: Capabilities | None = None,
        limits: Limits | None = None,
        check_types: bool = False,
    ) -> None:
        self.machine = Machine(limits or Limits(), capabilities or Capabilities())
        if check_types:
            self.machine.library[CHECKS_TYPES] = True
        self._host: dict[str, Callable[..., Any]] = {}
        """What was defined from Python."""
        self.space: dict[str, Any] | None = None
        """What written functions call, by name; made for the first program."""
        self.instrument: Callable[[nodes.Program], nodes.Program] | None = None
        """Applied to each program before it is compiled (see `coverage`)."""
        if library is not None:
            with Paused():
                library(self.machine)

    def define(self, name: str, function: Any) -> None:
        """Make a Python callable (or any Soli value) visible to all programs as *name*.

        A plain callable gets its arity from its signature, takes and returns Soli values. A
        coroutine function is awaited: the program waits for it, where its host grants waiting.
        """
        if callable(function) and not hasattr(function, "soli_call"):
            self._host[name] = function
            function = host_function(name, function, self.machine.suspend)
        self.machine.globals[name] = function

    def declarations(self) -> str:
        """The functions that were defined, with types: a file for `soli check --declare`."""
        from .native.host_declarations import declaration_of

        return "".join(declaration_of(name, code) for name, code in self._host.items())

    def compile(
        self, text: str | Source, name: str = "<eval>", file: FileScope | None = None
    ) -> Program:
        """Parse and compile under a fresh budget, run nothing.

        Raises SoliSyntaxError, and LimitError for more work than `Limits` allow.
        """
        source = text if isinstance(text, Source) else Source(name, text)
        limit = self.machine.limits.max_source_bytes
        if limit and len(source.text.encode("utf-8", "replace")) > limit:
            raise SoliSyntaxError(f"program too long (limit {limit} bytes)", NOWHERE, source)
        return self.machine.guarded(self._compiled, source, file or FileScope())  # type: ignore[no-any-return]

    def _compiled(self, source: Source, file: FileScope) -> Program:
        from .syntax.parser import parse

        pay = self.machine.pay_for_source if is_paid(source) else None
        return Program(self, parse(source, pay), file)

    def load(self, text: str | Source, name: str = "<eval>") -> Program:
        """Compile and run a program's top level, each under a fresh budget.

        Raises SoliSyntaxError when the text is no program, SoliError when running it fails.
        """
        program = self.compile(text, name)
        program.run()
        return program

    def run(self, text: str | Source, name: str = "<eval>") -> Value:
        """Run a program; the value of its last statement."""
        return self.compile(text, name).run()

    def session(self) -> Session:
        """A series of inputs that share one file scope: what a REPL is."""
        return Session(self)

    def call(self, function: Value, *arguments: Value) -> Value:
        """Call a Soli function with a fresh budget (`Limits`). Raises SoliError.

        Arguments have to be of the types that the function declares for them.
        """
        check_arguments(self.machine, function, arguments)
        return self.machine.guarded(self.machine.call, function, *arguments)


class Program:
    """A compiled file and its variables."""

    def __init__(self, interpreter: Interpreter, node: nodes.Program, file: FileScope) -> None:
        if interpreter.instrument is not None:
            node = interpreter.instrument(node)
        self.interpreter = interpreter
        self.node = node
        self.source = node.source
        self.file = file
        self._steps = self._compile(node)

    def _compile(self, node: nodes.Program) -> list[Callable[[], Value]]:
        from .evaluator.functions import mains
        from .evaluator.helpers.values import space
        from .evaluator.unit import Unit

        interpreter = self.interpreter
        import_names(interpreter, node, self.file)
        if interpreter.space is None:
            interpreter.space = space(interpreter.machine)
        scopes = Scopes(FileScope(self.file))
        scopes.file.builtins = interpreter.machine.globals
        return mains(Unit(interpreter.machine, node.source, scopes, interpreter.space), node.body)

    def run(self) -> Value:
        """Run the top level under a fresh budget; the value of the last statement.

        A stray `return`, `break` or `next` at the top level ends only its own statement
        (docs/spec §5.3).
        """
        return self.interpreter.machine.guarded(self._run)

    def _run(self) -> Value:
        value = None
        try:
            for step in self._steps:
                value = step()
        except SoliError as error:
            error.leave_program("main program")
            raise
        return value

    def get(self, name: str) -> Value:
        """The value of a top-level variable or function; None when there is none."""
        value = self.file.get(name)
        return None if value is UNSET else value

    def functions(self) -> dict[str, Function]:
        """The functions that the top level defines, by name."""
        named = ((name, self.file.get(name)) for name in self.file.names)
        return {name: value for name, value in named if value.__class__ is Function}

    def call(self, name: str, *arguments: Value) -> Value:
        """Call a top-level function under a fresh budget. Raises SoliError."""
        function = self.file.get(name)
        if function is UNSET:
            raise SoliNameError(f"Undefined variable '{name}'")
        return self.interpreter.call(function, *arguments)

    def exports(self) -> dict[str, Value]:
        """What the file exports (docs/spec §10)."""
        found = {}
        for statement in self.node.body.statements:
            if isinstance(statement, nodes.Export):
                name = _declared_name(statement.declaration)
                if name is not None:
                    found[name] = self.get(name)
        return found


def _declared_name(declaration: Any) -> str | None:
    if isinstance(declaration, nodes.FunctionDecl):
        return declaration.function.name
    return getattr(declaration, "name", None)


class Session:
    """Inputs that see each other's variables. `_` is the last value that was not null."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.file = FileScope()
        self.file.is_open = True
        self.count = 0
        """How many inputs there were."""

    def count_on(self, former: Session) -> None:
        """Number the inputs behind those of *former*, of which this takes the place."""
        self.count = former.count

    def run(self, text: str) -> Value:
        """Run one input; its value. Raises SoliSyntaxError (`incomplete` when more lines are
        wanted) or SoliError; the session goes on."""
        self.count += 1
        program = self.interpreter.compile(Source(f"<repl:{self.count}>", text), file=self.file)
        value = program.run()
        if value is not None:
            self.file.set("_", value)
        return value
