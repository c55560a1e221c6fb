"""Writes one Soli function as one Python function.

Every kind of node has an *emitter* (`emitters`). One for expressions gives a Python expression;
what has to happen before it is appended to `writer.out`, statements in the order in which they run.
One for statements appends only. The emitters are in the modules of `writers/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..base.source import Span
from ..tree import nodes
from . import python as py
from .emitters import COND, EXPR, RET, STMT, Emitters
from .facts import is_natural, kind_of
from .missing import Missing
from .places import CALLED, PLAIN, Places
from .scopes import Block, Variable
from .watching import write_look

if TYPE_CHECKING:
    from .unit import Unit

SPILL = 16
"""Levels of one expression from which on a value gets a statement of its own."""
LONG_CHAIN = 24
"""Links of `a + b + c …`, `x.a.b …` that are one expression."""
MOST_BLOCKS = 7
"""Loops and `try` inside each other; Python allows twenty blocks, a `try` takes two."""
MANY_LINES = 120
"""Statements that one step of a call or turn pays for."""


class Writer:
    """What is being written of one function: `out`, its names, its places."""

    in_tree = False
    """Whether the operators that are written are the general form of what `int_trees` wrote."""

    def __init__(self, unit: Unit, block: Block, emitters: Emitters) -> None:
        self.unit = unit
        self._emitters = emitters
        self.machine = unit.machine
        self.block = block
        self.root = block
        self.names: dict[Variable, str] = {}
        """Variable -> its identifier in this function."""
        self.out: list[Any] = []
        self.places = Places(unit.source)
        self.constants: dict[str, Any] = {}
        self.has_this = False
        """Whether `this` is a name of the Python function."""
        self.is_method = False
        """Whether `this` surely has a value."""
        self.check: Any = None
        """What looks at results, where a return type is declared."""
        self.loops = 0
        """Soli's loops around what is written, in the Python function that is written."""
        self.signals = False
        """Whether leaving is told to the Python function around: see `outlined`."""
        self.blocks = self.level = self._count = 0
        self.ready: dict[int, tuple[Any, Any]] = {}
        self.assigned: set[str] = set()
        """Identifiers of variables that the current Python function assigns."""
        self.shared: set[str] = set()
        """Those that functions written inside assign."""
        self.turn: Any = None
        """What a body that is written as a loop over many items does with its value; see
        `item_loops`."""
        self.fixed_parameters: set[Any] = set()
        """Parameters that are read several times and never assigned."""
        self.asked: dict[Any, str] = {}
        """Those of them whose class is looked at once, and the Python variable that tells it."""
        self.uses_fields = False
        """Whether `fields`, the fields of `this`, is a name of the Python function."""
        self._variables: set[str] = set()
        self._fixed = {"this"}
        """Identifiers of what never changes: temporaries, constants."""
        self._waiting: list[Any] = []
        self._ahead: dict[str, None] = {}
        """Python variables with turns that were paid for and not run, of the loops around."""

    # --- nodes ---

    def value(self, node: Any) -> Any:
        """An expression for the value of *node*."""
        kind = node.__class__
        if kind is nodes.Literal:
            return self._emitters[kind](self, node, EXPR)
        self.unit.pay()
        if self.level % SPILL == 0 and kind.row.chains:
            self._chain(node)
        known = self.ready.pop(id(node), None)
        if known is not None:
            return known[1]
        self.level += 1
        write, positions = self._emitters[kind]  # not called: a level of nesting is a frame less
        found = write(self, node) if len(positions) == 1 else write(self, node, EXPR)
        self.level -= 1
        if self.level and self.level % SPILL == 0:
            return self.kept(found)
        return found

    def truth(self, node: Any) -> Any:
        """An expression that is to Python as true as *node* is to Soli."""
        emitter = self._emitters[node.__class__]
        if self.level % SPILL == 0 and node.row.chains:
            self._chain(node)
        if COND in emitter.positions and id(node) not in self.ready:
            self.level += 1
            found = emitter(self, node, COND)
            self.level -= 1
            if self.level and self.level % SPILL == 0:
                return self.kept(found)
            return found
        kind = self.kind_of(node)
        value = self.value(node)
        return value if kind is bool else self.true(value)

    def true(self, value: Any) -> Any:
        """Whether *value*, any value of Soli, is true."""
        if isinstance(value, py.IfExp) and isinstance(value.body, py.Compare):
            return py.choice(value.test, value.body, self.true(value.orelse))
        found, first = self.named(value)
        return py.choice(py.is_kind(first, "bool"), found(), py.call("is_truthy", found()))

    def effect(self, node: Any) -> None:
        """Statements that do what *node* does."""
        emitter = self._emitters[node.__class__]
        if STMT in emitter.positions:
            emitter(self, node, STMT)
            return
        self.out += py.done(self.value(node))

    def tail(self, node: Any) -> None:
        """Statements that end the function with the value of *node*."""
        emitter = self._emitters[node.__class__]
        if RET in emitter.positions:
            emitter(self, node, RET)
        elif not node.row.has_value:
            emitter(self, node, STMT)
            if not node.row.leaves:
                self.give(py.none())
        elif self.turn is not None and self.turn.wants_truth:
            self.turn.end(self.truth(node))
        else:
            self.give(self.value(node))

    def give(self, value: Any) -> None:
        """`return`, out of the Soli function."""
        if self.turn is not None:
            self.turn.end(self.true(value) if self.turn.wants_truth else value)
        elif self.signals:
            self.out.append(py.give(py.Tuple([value], py.LOAD)))
        else:
            self.out.append(py.give(py.call(self.check, value) if self.check else value))

    def _chain(self, node: Any) -> None:
        """Write a long chain from its inner end; otherwise writing would recurse for each link."""
        links: list[Any] = []
        while node is not None and id(node) not in self.ready and node.row.chains:
            links.append(node)
            node = getattr(node, node.row.chains)
        for link in reversed(links[LONG_CHAIN::LONG_CHAIN]):
            level, self.level = self.level, 1
            self.ready[id(link)] = (
                link,
                self.kept(self._emitters[link.__class__](self, link, EXPR)),
            )
            self.level = level

    # --- statements ---

    def statements(self, statements: Sequence[Any], *, is_tail: bool) -> None:
        """A whole body."""
        last = len(statements) - 1
        for index, statement in enumerate(statements):
            if index % MANY_LINES == MANY_LINES - 1:
                self.out.append(py.run(py.call("spend", py.constant(MANY_LINES))))
            self.look(statement)
            if is_tail and index == last:
                self.tail(statement)
            else:
                self.effect(statement)
        if is_tail and not statements:
            self.give(py.none())

    def look(self, statement: Any) -> None:
        """Where somebody debugs: look, before *statement*, at whether to stop."""
        unit = self.unit
        if unit.watcher is not None and unit.watched is not None:
            write_look(self, unit.watcher, unit.watched, statement)

    def body(
        self, body: nodes.Body, statements: Sequence[Any] | None = None, *, is_tail: bool = False
    ) -> None:
        """A block of statements, or these of them."""
        outer = self.block
        self.block = self.unit.scopes.of(body)
        self.opened(self.block)
        self.statements(body.statements if statements is None else statements, is_tail=is_tail)
        self.block = outer

    def opened(self, block: Block, *given: str) -> None:
        """Make the variables of *block* anew where each turn has its own, but for those *given*."""
        if block is self.root or (block.frame is not block and not block.is_repeated):
            return
        plain = []
        for name, variable in block.names.items():
            if name in given or (block.frame is not block and not variable.since):
                continue
            if variable.cell:
                self.store_place(variable, py.List([py.name("UNSET")], py.LOAD))
            elif variable.unset:
                plain.append(self.identifier(variable))
        if plain:
            self.assigned.update(plain)
            self.out.append(py.assign_all(plain, py.name("UNSET")))

    def lines(self, write: Callable[[], None]) -> list[Any]:
        """The statements that *write* appends."""
        outer, self.out = self.out, []
        try:
            write()
            return self.out
        finally:
            self.out = outer

    def charge(self) -> None:
        """One step, at the entry of a function or a turn of a comprehension."""
        left = py.binary(py.attribute("machine", "fuel"), "-", py.constant(1))
        places = [py.Attribute(py.name("machine"), "fuel", py.STORE), py.Name("fuel", py.STORE)]
        used_up = py.compare(py.name("fuel"), "<=", py.constant(0))
        self.out += [
            py.Assign(places, left),
            py.when(used_up, [py.run(py.call("refuel"))]),
        ]

    def turn_of(self, node: Any, write: Callable[[], None], numbers: str = "") -> list[Any]:
        """One turn of the loop *node*, which *write* appends: it is paid for, and `next` and
        `break` in it are of that loop. *numbers*: the turns of an iterator, and those are paid."""
        if not node.row.loops:
            raise AssertionError(f"{node.__class__.__name__} loops, but not as its row says")

        self._ahead[numbers or "left"] = None
        self.loops += 1
        lines = self.lines(write)
        self.loops -= 1
        return lines if numbers else [self._paid(node), *lines]

    def _paid(self, node: Any) -> Any:
        more = py.call("turns", at=self.places.add(PLAIN, node.span))
        left = py.binary(py.name("left"), "-", py.constant(1))
        return py.when(py.name("left"), [py.assign("left", left)], [py.assign("left", more)])

    def step_ahead(self, node: Any) -> tuple[Any, Any]:
        """(whether a step can be paid for at once, the statement that pays), at the call *node*. In
        a loop steps are paid for some at a time, as turns are."""
        if not self.loops:
            fuel = py.bound("fuel", py.attribute("machine", "fuel"))
            less = py.binary(py.name("fuel"), "-", py.constant(1))
            is_paid = py.compare(fuel, ">", py.constant(1))
            return is_paid, py.set_attribute("machine", "fuel", less)
        self._ahead["left"] = None
        more = py.assign("left", py.call("steps_ahead", at=self.at(node)))
        self.out.append(py.when(py.negation(py.name("left")), [more]))
        less = py.binary(py.name("left"), "-", py.constant(1))
        return py.name("left"), py.assign("left", less)

    def add_loop(self, *loop: Any) -> None:
        """Append *loop*, of turns by `turn_of`. Turns are paid for some at a time; those that were
        not run are given back on every way out of the outermost loop."""
        if self.loops:
            self.out += loop
            return
        fuel, numbers = py.attribute("machine", "fuel"), list(self._ahead)
        for one in numbers:
            left = py.name(one) if one == "left" else py.call("length_hint", py.name(one))
            fuel = py.binary(fuel, "+", left)
        given_back = py.set_attribute("machine", "fuel", fuel)
        if "left" in numbers:
            self.out.append(py.assign("left", py.constant(0)))
            numbers.remove("left")
        if numbers:
            self.out.append(py.assign_all(numbers, py.name("NO_TURNS")))
        self._ahead.clear()
        self.out.append(py.Try([*loop], [], [], [given_back]))

    # --- leaving ---

    def leave(self, *, is_next: bool) -> None:
        """`next` or `break`."""
        if self.loops:
            self.out.append(py.Continue() if is_next else py.Break())
        elif self.signals:
            self.out.append(py.give(py.name("NEXT" if is_next else "BREAK")))
        else:
            self.give(py.name("SKIP"))

    def outlined(self, write: Callable[[], None], *, is_tail: bool = False) -> Any:
        """What *write* appends as a Python function inside this one: the call of it.

        With *is_tail* it ends as a Soli function does. Otherwise it gives None, or a signal: a
        tuple of one for `return`, or NEXT or BREAK; see `follow`.
        """
        identifier = self.fresh("h")
        function = py.function(identifier, [], 0, [])
        self.out.append(function)
        check = self.check if not is_tail else None
        self._waiting.append((function, write, self.block, not is_tail, check))
        return py.call(identifier)

    def finish(self) -> None:
        """Write the outlined functions, and those in them. So they use up no stack of Python's."""
        block = self.block
        while self._waiting:
            function, write, self.block, self.signals, self.check = self._waiting.pop()
            self.loops, self.blocks, self.level, self.turn = 0, 0, 0, None
            self.assigned = set()
            lines = self.lines(write)
            if self.assigned:
                lines.insert(0, py.Nonlocal(sorted(self.assigned)))
                self.shared |= self.assigned
            function.body = lines or [py.Pass()]
        self.block = block

    def follow(self, call: Any) -> None:
        """Run an outlined function; do what its signal says."""
        signal = self.fresh()
        self.out.append(py.assign(signal, call))
        leaving = self.lines(lambda: self._followed(signal))
        self.out.append(py.when(py.compare(py.name(signal), "is not", py.none()), leaving))

    def _followed(self, signal: str) -> None:
        if self.loops:
            for name, statement in (("NEXT", py.Continue()), ("BREAK", py.Break())):
                self.out.append(
                    py.when(py.compare(py.name(signal), "is", py.name(name)), [statement])
                )
        if self.signals:
            self.out.append(py.give(py.name(signal)))
            return
        if not self.loops:
            self.out.append(
                py.when(
                    py.compare(py.kind(py.name(signal)), "is not", py.name("tuple")),
                    self.lines(lambda: self.give(py.name("SKIP"))),
                )
            )
        self.give(py.item(py.name(signal), py.constant(0)))

    def within_blocks(self, write: Callable[[], None], count: int = 1) -> None:
        """Append what *write* does, in a function of its own where Python's blocks run out.

        *count* is how many of them *write* opens around what it writes.
        """
        if self.blocks + count > MOST_BLOCKS:
            self.follow(self.outlined(write))
            return
        self.blocks += count
        write()
        self.blocks -= count

    # --- names ---

    def fresh(self, prefix: str = "t") -> str:
        """An identifier that nothing has yet: of a temporary, or of an outlined function."""
        self._count += 1
        identifier = f"{prefix}{self._count}"
        self._fixed.add(identifier)
        return identifier

    def bind(self, value: Any) -> str:
        """An identifier for *value*, any Python object."""
        identifier = f"k{len(self.constants)}"
        self.constants[identifier] = value
        self._fixed.add(identifier)
        return identifier

    def is_fixed(self, value: Any) -> bool:
        """Whether *value* is the name of what never changes: a temporary, a constant, `this`."""
        return isinstance(value, py.Name) and value.id in self._fixed

    def is_variable(self, value: Any) -> bool:
        """Whether *value* is the name of a variable of the program, which may change."""
        return isinstance(value, py.Name) and value.id in self._variables

    def own_fields(self) -> Any:
        """The fields of `this`; an empty dict where it is no instance."""
        self.uses_fields = True
        return py.name("fields")

    def fixed(self, value: Any) -> Any:
        """*value* as an expression."""
        return py.name(self.bind(value))

    def kept(self, value: Any) -> Any:
        """*value*, computed in a statement of its own, unless it is the name of what is fixed."""
        if isinstance(value, py.Constant) or self.is_fixed(value):
            return value
        identifier = self.fresh()
        self.out.append(py.assign(identifier, value))
        return py.name(identifier)

    def named(self, value: Any) -> tuple[Callable[[], Any], Any]:
        """(what makes an expression of its name, the expression that comes first)."""
        if isinstance(value, py.Constant):
            value = self.fixed(value.value)  # Python warns of what is done to literals
        if isinstance(value, py.Name):
            identifier = value.id
            return (lambda: py.name(identifier)), py.name(identifier)
        identifier = self.fresh()
        return (lambda: py.name(identifier)), py.bound(identifier, value)

    def operands(self, *operands: Any) -> list[Any]:
        """The values of several nodes, in that order. A callable among them is asked for its, an
        expression of Python's is one."""
        results: list[Any] = []
        for operand in operands:
            before = len(self.out)
            if isinstance(operand, nodes.Node):
                value = self.value(operand)
            else:
                value = operand() if operand.__class__ is _FUNCTION else operand
            if len(self.out) > before:
                self._keep_before(results, before)
            results.append(value)
        return results

    def _keep_before(self, results: list[Any], at: int) -> None:
        """Statements follow at *at*: what was to be computed before them is, in order."""
        after = self.out[at:]
        del self.out[at:]
        results[:] = [self.kept(one) for one in results]
        self.out += after

    def branch(self, write: Callable[[], Any]) -> tuple[list[Any], Any]:
        """(statements, expression) of what may not be computed at all."""
        outer, self.out = self.out, []
        value = write()
        lines, self.out = self.out, outer
        return lines, value

    def chosen(self, condition: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
        """`then if condition else otherwise`, in statements where either needs some."""
        then_lines, then_value = self.branch(then)
        other_lines, other_value = self.branch(otherwise)
        if not then_lines and not other_lines:
            return py.choice(condition, then_value, other_value)
        found = self.fresh()
        self.out.append(
            py.when(
                condition,
                [*then_lines, py.assign(found, then_value)],
                [*other_lines, py.assign(found, other_value)],
            )
        )
        return py.name(found)

    # --- variables ---

    def is_int(self, node: Any) -> Any:
        """Whether the parameter *node* is an Int, where that is asked once for all; else None."""
        if node.__class__ is not nodes.Name:
            return None
        variable = self.block.find(node.name, node.span.start)
        if variable is None or variable not in self.fixed_parameters:
            return None
        self.asked[variable] = f"i{self.identifier(variable)}"
        return py.name(self.asked[variable])

    def kind_of(self, node: Any) -> type | None:
        """The Python class of every value of *node*, None when that is not certain."""
        return kind_of(node, self.block, self.machine.globals)

    def is_natural(self, node: Any) -> bool:
        """Whether every value of *node* is an Int that is not negative."""
        return is_natural(node, self.block, self.machine.globals)

    def identifier(self, variable: Variable) -> str:
        """The Python name of a variable of a function."""
        identifier = self.names.get(variable)
        return self.name_as(variable, f"v{len(self.names)}") if identifier is None else identifier

    def name_as(self, variable: Variable, identifier: str) -> str:
        """From now on *variable* has this identifier."""
        self.names[variable] = identifier
        if identifier not in self._fixed:
            self._variables.add(identifier)
        return identifier

    def load(self, variable: Variable) -> Any:
        """What a variable holds, UNSET included."""
        if variable.home is None:
            constant = self.unit.scopes.file.constant(variable)
            if constant is not None:
                return py.constant(constant)
            return py.item(py.name("slots"), py.constant(variable.index))
        place = py.name(self.identifier(variable))
        return py.item(place, py.constant(0)) if variable.cell else place

    def store(self, variable: Variable, value: Any) -> None:
        """Give a variable a value."""
        if variable.home is None:
            self.out.append(py.put(py.name("slots"), py.constant(variable.index), value))
        elif variable.cell:
            self.out.append(py.put(py.name(self.identifier(variable)), py.constant(0), value))
        else:
            self.store_place(variable, value)

    def store_place(self, variable: Variable, value: Any) -> None:
        """Assign the Python variable: the value, or the cell."""
        identifier = self.identifier(variable)
        self.assigned.add(identifier)
        self.out.append(py.assign(identifier, value))

    def is_settled(self, variable: Variable) -> bool:
        """Whether a read of *variable* gives a value that nothing has to be done with."""
        if variable.home is None:
            return self.unit.scopes.file.constant(variable) is not None
        return variable.kind is not None

    # --- errors ---

    def at(self, node: nodes.Node) -> int:
        """The line of Python nodes whose failure is one of *node*."""
        return self.places.add(PLAIN, node.span)

    def special(self, node: nodes.Name, identifier: str) -> Any:
        """What a name gives that holds what `identifier` does: nothing, or a function."""
        at = self.places.add(CALLED, node.span, identifier)
        return py.call("special", py.name(identifier), self.missing(node.name, node.span), at=at)

    def missing(self, name: str, span: Span) -> Any:
        """What an undefined variable is reported with."""
        return self.fixed(Missing(self.unit, name, span, self.block))


_FUNCTION = type(lambda: None)
