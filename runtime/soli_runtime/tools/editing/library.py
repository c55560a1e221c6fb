"""The builtins for editors: documentation by name and by type of receiver."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from soli_lang.syntax.scanner.tokens import KEYWORDS

from ..reference import ANY, GLOBAL, TYPE_TITLES, Entry, Reference, entry_text

FUNCTION, METHOD, CLASS = "function", "method", "class"


class Library:
    """Made once; the first question takes a moment, for it loads everything there is."""

    @cached_property
    def _reference(self) -> Reference:
        return Reference()

    @cached_property
    def functions(self) -> dict[str, Entry]:
        """Global functions by name."""
        return {name: one for one in self._reference.of(GLOBAL) for name in one.names}

    @cached_property
    def _members(self) -> dict[str, dict[str, Entry]]:
        found: dict[str, dict[str, Entry]] = {}
        for one in self._reference.entries:
            if one.owner:
                found.setdefault(one.owner, {}).update(dict.fromkeys(one.names, one))
        return found

    @cached_property
    def classes(self) -> frozenset[str]:
        """Names of builtin classes."""
        return frozenset(self._members) - frozenset(TYPE_TITLES.values())

    def load(self) -> None:
        """Load everything now, so that the first question need not wait for it."""
        self.members(None)
        assert self.functions
        assert self.classes

    def is_owner(self, name: str) -> bool:
        """Whether a type or class is called so."""
        return name in self._members

    def members(self, owner: str | None) -> dict[str, Entry]:
        """The methods of a type, or of any when nobody knows which it is."""
        if owner is None:
            methods: dict[str, Entry] = {}
            for table in self._members.values():
                methods |= {name: one for name, one in table.items() if one.kind == "method"}
            return methods
        any_value = self._members.get(TYPE_TITLES[ANY], {})
        return {**any_value, **self._members.get(owner, {})}

    def explained(self, name: str, owner: str | None, *, is_member: bool) -> list[Entry]:
        """What *name* may mean: a member of *owner* (None: of anything), or a function."""
        if not is_member:
            found = self.functions.get(name)
            return [found] if found is not None else []
        if owner is not None:
            one = self.members(owner).get(name)
            return [one] if one is not None else []
        every = [table[name] for table in self._members.values() if name in table]
        return [one for one in every if one.kind == "method"]

    def overview(self, owner: str) -> str:
        """What a class has, in a few lines of Markdown."""
        names = list(self._members.get(owner, {}))
        shown = ", ".join(f"`{name}`" for name in names[:12])
        return f"**{owner}**: {shown}{' …' if len(names) > 12 else ''}"


def documentation(entry: Entry) -> str:
    """The documentation of a builtin as Markdown."""
    heading, _, rest = entry_text(entry).partition("\n")
    text = "\n".join(line.removeprefix("  ") for line in rest.split("\n"))
    return f"```soli\n{heading}\n```\n{text}".rstrip()


WORDS: Final = tuple(KEYWORDS)
