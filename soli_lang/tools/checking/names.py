"""Unknown names, unused variables, and calls with the wrong number of arguments.

Names are resolved exactly as the evaluator does it: with the blocks of `evaluator.scopes`.
"""

from __future__ import annotations

from typing import Any

from ...base.errors import SoliSyntaxError
from ...base.foreign_words import foreign_hint, method_hint
from ...base.near_names import did_you_mean
from ...base.source import Span
from ...evaluator.missing import own_method_hint
from ...evaluator.scopes import THIS, Block, FileScope, Scopes, Variable, declare_parameters
from ...native.native import shown_call
from ...syntax.scanner.tokens import KEYWORDS
from ...tree import nodes
from ...tree.class_macros import FRAMEWORK_MACROS
from .arguments import Arguments
from .class_calls import ClassStatics, is_ignored, is_unknown
from .findings import Findings, Known
from .followers import Followers

CONTEXTUAL = frozenset({"alias_method", "const_get", "define_method", "defined"})
"""Names that the evaluator itself gives a meaning."""
UNSEEN = "_"
"""Variables whose name begins so are meant to be unused."""


class Use:
    """What is known of one variable."""

    __slots__ = ("assigned", "functions", "is_read", "is_reported", "name", "span")

    def __init__(self, name: str, span: Span) -> None:
        self.name = name
        self.span = span
        """Where it is first assigned."""
        self.is_read = False
        self.is_reported = True
        """False for parameters and the like, which may go unused."""
        self.assigned = 0
        self.functions: list[Any] = []
        """Functions and classes declared under its name."""


class NamePass:
    """Walks a whole file with the block that each node is in."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        self._program = program
        self._known = known
        self._findings = findings
        self._scopes = Scopes(FileScope())
        self._block = Block(None, file=self._scopes.file)
        self._uses: dict[Variable, Use] = {}
        self._guarded = 0
        """How many `try` bodies and the like are around: errors in there may be meant."""
        """The line that begins with a word of another language: what follows is not looked at."""
        self._unseen_imports = False
        """Whether a file was imported whole of which nobody knows what it exports."""
        self._calls: list[tuple[nodes.Node, Variable | None, str, Arguments, int]] = []
        self._in_hook = 0
        self._followers = Followers(program.source)
        self._imports: list[Variable] = []
        """Variables that imports name one by one."""
        self._pieces: list[nodes.FunctionNode] = []
        """Functions that are in no program; their blocks are known by who they are."""
        self._classes = ClassStatics(program)
        self._statics: frozenset[str] | None = None
        """Static methods of the class around, None when nobody knows."""

    def run(self) -> None:
        self._import_names()
        self._scopes.declare_function(self._program.body, self._block)
        for statement in self._program.body.statements:
            self._note_declaration(statement)
        self._statements(self._program.body.statements)
        self._check_calls()
        self._report_unused()

    def _import_names(self) -> None:
        for statement in self._program.body.statements:
            if not isinstance(statement, nodes.Import):
                continue
            exports = self._exports(statement)
            if statement.namespace is not None:
                self._declare_import(statement.namespace, statement)
            elif statement.items is not None:
                for name, local in statement.items:
                    self._declare_import(local, statement)
                    if exports is not None and name not in exports:
                        self._findings.error(
                            "unknown-import",
                            f"'{name}' is not exported from '{statement.path}'",
                            statement.span,
                            did_you_mean(name, sorted(exports)),
                        )
            elif exports is None:
                self._unseen_imports = True
            else:
                for name in exports:
                    self._declare_import(name, statement)

    def _exports(self, statement: nodes.Import) -> set[str] | None:
        try:
            return self._known.exports_of(statement.path, self._program.source.name)
        except LookupError:
            message = f"Module not found: {statement.path}"
            self._findings.error("unknown-module", message, statement.span)
        except SoliSyntaxError as error:
            message = f"{statement.path} is no program: {error.text()}"
            self._findings.error("unknown-module", message, statement.span)
        return None

    def _declare_import(self, name: str, node: nodes.Node) -> None:
        variable = self._block.declare(name)
        self._use(variable, node.span).is_reported = False
        if isinstance(node, nodes.Import) and (node.items is not None or node.namespace):
            self._imports.append(variable)

    # --- walking ---------------------------------------------------------------------------------

    def _statements(self, statements: tuple[Any, ...]) -> None:
        for index, statement in enumerate(statements):
            self._visit(statement)
            if index == len(statements) - 1 and isinstance(statement, nodes.Assign):
                self._returned(statement)

    def _returned(self, statement: nodes.Assign) -> None:
        """The value of a last assignment is the function's: that is a use."""
        if isinstance(statement.target, nodes.Name):
            variable = self._block.find(statement.target.name)
            if variable is not None and variable in self._uses:
                self._uses[variable].is_read = True

    def _visit(self, node: Any) -> None:
        visit = _VISITORS.get(node.__class__)
        if visit is not None:
            visit(self, node)
        elif node.row.binds:
            self._binding(node)
        else:
            for part in _parts(node):
                self._visit(part)

    def _within(self, block: Block, *visited: Any) -> None:
        outer, self._block = self._block, block
        for node in visited:
            if isinstance(node, nodes.Body):
                self._statements(node.statements)
            elif node is not None:
                self._visit(node)
        self._block = outer

    def _body(self, body: nodes.Body) -> None:
        block = self._scopes.blocks.get(id(body))
        if block is None:
            self._statements(body.statements)
            return
        for statement in body.statements:
            outer, self._block = self._block, block
            self._note_declaration(statement)
            self._block = outer
        self._within(block, body)

    def _binding(self, node: Any) -> None:
        """A loop, a handler: what is inside sees the names that it binds."""
        outer, inner = self._block, self._scopes.of(node)
        for field, part in nodes.parts(node):
            self._block = inner if field in node.row.inside else outer
            self._visit(part)
        self._block = outer

    def _try(self, node: nodes.Try) -> None:
        self._guarded += bool(node.handlers)
        self._visit(node.body)
        self._guarded -= bool(node.handlers)
        for handler in node.handlers:
            self._visit(handler)
        if node.final is not None:
            self._visit(node.final)

    def _rescue(self, node: nodes.Rescue) -> None:
        self._guarded += 1
        self._visit(node.body)
        self._guarded -= 1
        self._visit(node.fallback)

    def _function(self, node: nodes.FunctionNode) -> None:
        block = Block(self._block, file=self._scopes.file, is_function=True)
        block.declare(THIS)
        variables = declare_parameters(block, node.params)
        for param, variable in zip(node.params, variables, strict=True):
            self._use(variable, param.span).is_reported = False
        if not node.params:
            block.declare("it")
        self._scopes.declare_function(node, block)
        for statement in node.body.statements:
            outer, self._block = self._block, block
            self._note_declaration(statement)
            self._block = outer
        self._within(block, *(param.default for param in node.params), node.body)

    def _class(self, node: nodes.ClassDecl) -> None:
        if node.superclass is not None:
            self._read(node.superclass, node.span)
        block = Block(self._block, file=self._scopes.file, is_function=True)
        block.declaration = node
        block.declare(THIS)
        for member in node.members:
            if isinstance(member, nodes.ClassDecl):
                self._use(block.declare(member.name), member.span).is_reported = False
        outer, self._statics = self._statics, self._classes.of(node)
        self._within(block, *node.members)
        self._statics = outer

    def _piece(self, body: nodes.Body) -> None:
        """What a class body runs is run as a function of its own: its variables are its own."""
        piece = nodes.FunctionNode(body.span, "<class body>", (), None, body)
        self._pieces.append(piece)
        self._function(piece)

    def _field(self, node: nodes.FieldDecl) -> None:
        if node.value is not None:
            self._piece(nodes.Body(node.value.span, (node.value,)))

    def _static_block(self, node: nodes.StaticBlock) -> None:
        self._piece(node.body)

    def _enum(self, node: nodes.EnumDecl) -> None:
        block = Block(self._block, file=self._scopes.file, is_function=True)
        block.declaration = node
        block.declare(THIS)
        self._within(block, *(method.function for method in node.methods))

    def _class_call(self, node: nodes.MacroCall) -> None:
        if is_ignored(node, self._statics):
            return
        call = node.call
        if is_unknown(node, self._statics):
            at = call.callee.span if isinstance(call, nodes.Call) else call.span
            hint = foreign_hint(node.name, self._program.source.text, at)
            known = sorted({*(self._statics or ()), *FRAMEWORK_MACROS})
            hint = hint or did_you_mean(node.name, known)
            hint = hint or "the class has no static method of that name"
            message = f"Undefined variable '{node.name}'"
            self._report("unknown-name", message, at, hint, self._guarded)
        if isinstance(call, nodes.Call):
            arguments = [argument.value for argument in call.arguments]
            inside = arguments if call.block is None else [*arguments, call.block]
            self._piece(nodes.Body(node.span, tuple(inside)))

    def _mixin(self, node: nodes.Mixin) -> None:
        for name in node.names:
            self._read(name, node.span)

    def _hook(self, node: nodes.HookBlock) -> None:
        """Its calls are made for the host class: their names are looked up nowhere else."""
        self._in_hook += 1
        self._piece(node.body)
        self._in_hook -= 1

    # --- names -----------------------------------------------------------------------------------

    def _use(self, variable: Variable, span: Span) -> Use:
        use = self._uses.get(variable)
        if use is None:
            use = self._uses[variable] = Use(variable.name, span)
        return use

    def _note_declaration(self, statement: Any) -> None:
        """Remember functions and classes by the variable that they are bound to."""
        if isinstance(statement, nodes.Export):
            statement = statement.declaration
        if isinstance(statement, nodes.FunctionDecl):
            name: str = statement.function.name
        elif isinstance(statement, nodes.ClassDecl | nodes.EnumDecl):
            name = statement.name
        else:
            return
        variable = self._block.find(name)
        if variable is None:
            return
        use = self._use(variable, statement.span)
        use.is_reported = False
        use.functions.append(statement)

    def _name(self, node: nodes.Name) -> None:
        self._read(node.name, node.span)

    def _read(self, name: str, span: Span) -> Variable | None:
        variable = self._block.find(name, span.start)
        if variable is not None:
            self._use(variable, span).is_read = True
            return variable
        if not self._is_known(name):
            self._unknown(name, span)
        return None

    def _is_known(self, name: str) -> bool:
        known = self._known
        return (
            name in known.builtins
            or name in known.names
            or name in CONTEXTUAL
            or self._unseen_imports
            or self._in_hook > 0
        )

    def _unknown(self, name: str, span: Span) -> None:
        names = [*self._block.visible_names(), *self._known.builtins, *self._known.names]
        hint = own_method_hint(name, self._block)
        source = self._program.source
        text, line = source.text, source.position(span.start).line
        if hint is None and self._followers.has(name, line):
            return
        hint = hint or foreign_hint(name, text, span)
        self._followers.note(name, line, foreign_hint(name, text, span))
        hint = hint or method_hint(name, self._known.methods, text, span)
        hint = hint or did_you_mean(name, names) or did_you_mean(name, KEYWORDS)
        hint = hint or _definition_hint(name, text[span.end : span.end + 1])
        self._report("unknown-name", f"Undefined variable '{name}'", span, hint, self._guarded)

    def _report(self, code: str, message: str, span: Span, hint: str | None, guarded: int) -> None:
        """An error, unless it may be meant: in what is rescued, and in tests of failures."""
        is_meant = guarded or self._known.is_test
        report = self._findings.warning if is_meant else self._findings.error
        report(code, message, span, hint)

    def _literal(self, node: nodes.Literal) -> None:
        """A text may be the argument of `defined`."""
        if node.value.__class__ is str and node.value.isidentifier():
            variable = self._block.find(node.value, node.span.start)
            if variable is not None and variable in self._uses:
                self._uses[variable].is_read = True

    def _assign(self, node: Any) -> None:
        self._visit(node.value)
        self._target(node.target, node, reads=isinstance(node, nodes.CompoundAssign))

    def _increment(self, node: nodes.Increment) -> None:
        self._target(node.target, node, reads=False)

    def _target(self, target: Any, node: nodes.Node, *, reads: bool) -> None:
        if not isinstance(target, nodes.Name):
            self._visit(target)
            return
        variable = self._block.find(target.name, target.span.start)
        if variable is None:
            return
        use = self._use(variable, target.span)
        use.assigned += 1

    def _let(self, node: Any) -> None:
        if node.value is not None:
            self._visit(node.value)
        variable = self._block.find(node.name)
        if variable is not None:
            self._use(variable, node.span).assigned += 1

    # --- calls -----------------------------------------------------------------------------------

    def _call(self, node: nodes.Call, extra: int = 0) -> None:
        arguments = Arguments.of(node.arguments, node.block, extra)
        if isinstance(node.callee, nodes.Name):
            name = node.callee.name
            variable = self._read(name, node.callee.span)
            self._calls.append((node, variable, name, arguments, self._guarded))
        else:
            self._visit(node.callee)
        self._arguments(node)

    def _arguments(self, node: nodes.Call) -> None:
        for argument in node.arguments:
            self._visit(argument.value)
        if node.block is not None:
            self._visit(node.block)

    def _pipeline(self, node: nodes.Pipeline) -> None:
        self._visit(node.value)
        if isinstance(node.stage, nodes.Call):
            callee = node.stage.callee
            special = isinstance(callee, nodes.Name) and callee.name in ("map", "filter", "each")
            if special:
                for argument in node.stage.arguments:
                    self._visit(argument.value)
            else:
                self._call(node.stage, extra=1)
        else:
            self._visit(node.stage)

    def _new(self, node: nodes.New) -> None:
        arguments = Arguments.of(node.arguments, None)
        if isinstance(node.target, nodes.Name):
            variable = self._read(node.target.name, node.target.span)
            self._calls.append((node, variable, node.target.name, arguments, self._guarded))
        else:
            self._visit(node.target)
        for argument in node.arguments:
            self._visit(argument.value)

    def _check_calls(self) -> None:
        for node, variable, name, arguments, guarded in self._calls:
            hint = None
            if variable is None:
                if self._known_elsewhere(name):
                    continue
                builtin = self._known.builtins.get(name)
                fault = arguments.fault_for_builtin(builtin)
                hint = f"it is {_shown_builtin(builtin)}" if fault and builtin else None
            else:
                use = self._uses[variable]
                if use.assigned or len(use.functions) != 1:
                    continue
                fault = arguments.fault_for_declaration(use.functions[0])
                hint = _call_hint(use.functions[0])
            if fault is not None:
                self._report("wrong-arguments", fault, node.span, hint, guarded)

    def _known_elsewhere(self, name: str) -> bool:
        return name in self._known.names or self._unseen_imports or self._in_hook > 0

    # --- unused ----------------------------------------------------------------------------------

    def _report_unused(self) -> None:
        for variable in self._imports:
            use = self._uses[variable]
            if not use.is_read and not use.name.startswith(UNSEEN) and not self._known.is_test:
                self._findings.warning(
                    "unused-import", f"'{use.name}' is imported and never used", use.span
                )
        for variable, use in self._uses.items():
            in_function = variable.home is not None
            if use.is_read or not use.is_reported or not in_function or not use.assigned:
                continue
            if use.name.startswith(UNSEEN):
                continue
            self._findings.warning(
                "unused-variable",
                f"'{use.name}' is assigned but never used",
                use.span,
                f"remove it, or call it '_{use.name}' if that is meant",
            )


def _parts(node: Any) -> list[Any]:
    """What is directly in *node*; of a sum, which may be of any length, its terms."""
    rights: list[Any] = []
    while isinstance(node, nodes.Binary | nodes.Logical):
        rights.append(node.right)
        node = node.left
    return [node, *reversed(rights)] if rights else nodes.children(node)


_VISITORS: dict[type, Any] = {
    nodes.Name: NamePass._name,
    nodes.Literal: NamePass._literal,
    nodes.Body: NamePass._body,
    nodes.Try: NamePass._try,
    nodes.Rescue: NamePass._rescue,
    nodes.FunctionNode: NamePass._function,
    nodes.ClassDecl: NamePass._class,
    nodes.EnumDecl: NamePass._enum,
    nodes.FieldDecl: NamePass._field,
    nodes.StaticBlock: NamePass._static_block,
    nodes.Mixin: NamePass._mixin,
    nodes.HookBlock: NamePass._hook,
    nodes.MacroCall: NamePass._class_call,
    nodes.Import: lambda self, node: None,
    nodes.Assign: NamePass._assign,
    nodes.CompoundAssign: NamePass._assign,
    nodes.Increment: NamePass._increment,
    nodes.Let: NamePass._let,
    nodes.Const: NamePass._let,
    nodes.Call: NamePass._call,
    nodes.Pipeline: NamePass._pipeline,
    nodes.New: NamePass._new,
}


def _shown_builtin(builtin: Any) -> str:
    return shown_call(builtin.name, builtin.low, builtin.high, builtin.declaration)


def _call_hint(declaration: nodes.Node) -> str | None:
    """What a function takes, as running says it."""
    if not isinstance(declaration, nodes.FunctionDecl):
        return None
    params = [one for one in declaration.function.params if not one.is_block]
    shown = [one.name if one.default is None else f"{one.name} = …" for one in params]
    return f"it is `{declaration.function.name}({', '.join(shown)})`"


def _definition_hint(name: str, following: str) -> str | None:
    """How to define a name that is like no other."""
    if not name.isidentifier():
        return None
    if name[0].isupper():
        return f"define it in this file, `class {name} … end`, or import it"
    if following == "(":
        return f"define it in this file: `def {name}(…) … end`"
    return f"give it a value before it is read: `{name} = …`"
