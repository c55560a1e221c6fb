"""What a spec file declares: groups, tests and hooks, in the order of the file.

Plain data and the rules of docs/spec §L25.1: hooks of outer groups also hold for inner ones, the
outer `before_each` first, the outer `after_each` last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from soli_lang.values.values import Value

BEFORE_ALL = "before_all"
AFTER_ALL = "after_all"
BEFORE_EACH = "before_each"
AFTER_EACH = "after_each"

SEPARATOR = " › "
"""Between the names of groups and tests where a person reads them."""


@dataclass(slots=True, eq=False)
class Test:
    """One `test`, `it` or `specify`. Without a function it is pending."""

    name: str
    group: Group
    function: Value

    @property
    def full_name(self) -> str:
        """Its name with those of the groups around it."""
        return SEPARATOR.join([*self.group.path(), self.name])

    def why_skipped(self) -> str | None:
        """Why it is not run: it has no body, or a group around it is skipped. None: it is run."""
        return "pending" if self.function is None else self.group.why_skipped()


@dataclass(slots=True, eq=False)
class Group:
    """One `describe` or `context`; the file itself is the group without a name."""

    name: str = ""
    parent: Group | None = None
    tests: list[Test] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    hooks: dict[str, Value] = field(default_factory=dict)
    """Hook name -> function; a second hook of a kind replaces the first."""
    skipped: str | None = None
    """Why every test in it is skipped; None: it is not."""

    def path(self) -> list[str]:
        """The names from the outermost group to this one."""
        outer = self.parent.path() if self.parent is not None else []
        return [*outer, self.name] if self.name else outer

    def skip(self, reason: str) -> None:
        """None of its tests is run."""
        self.skipped = reason

    def chain(self) -> list[Group]:
        """This group and those around it, outermost first."""
        outer = self.parent.chain() if self.parent is not None else []
        return [*outer, self]

    def hooks_around(self, kind: str) -> list[Value]:
        """The hooks of this kind for a test of this group, outermost first."""
        return [group.hooks[kind] for group in self.chain() if kind in group.hooks]

    def all_tests(self) -> Iterator[Test]:
        """Its tests and those of the groups in it, in the order in which they run."""
        yield from self.tests
        for group in self.groups:
            yield from group.all_tests()

    def why_skipped(self) -> str | None:
        """The reason of the outermost group around that is skipped."""
        return next((one.skipped for one in self.chain() if one.skipped is not None), None)


class Suite:
    """What one interpreter's `describe`, `test` and assertions write to."""

    def __init__(self) -> None:
        self.root = Group()
        self.current = self.root
        """The group whose body runs."""
        self.running: Test | None = None
        """The test whose body or hooks run."""
        self.assertions = 0
        """Assertions that held so far."""
        self.invariants: list[tuple[str, Value]] = []
        """Name and block of what must be true of any world of the app."""
        self.waiting: list[tuple[Group, Value]] | None = []
        """While the file runs: outer groups and their bodies, which are run after it."""

    @contextmanager
    def within(self, group: Group) -> Iterator[None]:
        """The body of *group* runs meanwhile."""
        outer, self.current = self.current, group
        try:
            yield
        finally:
            self.current = outer

    def take_waiting(self) -> list[tuple[Group, Value]]:
        """The file has run: the outer groups. Inner ones are filled as they come."""
        waiting, self.waiting = self.waiting or [], None
        return waiting

    def promise(self, name: str, body: Value) -> None:
        """*body* says whether the world is as it must be."""
        self.invariants.append((name, body))

    def run(self, test: Test | None) -> None:
        """The body or the hooks of *test* run; None: of none."""
        self.running = test

    def count_assertion(self) -> None:
        """One more held."""
        self.assertions += 1
