"""The documentation of builtins, made from their declarations: the one source (see `native`)."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import cleandoc
from typing import Any

from soli_lang.interpreter import Interpreter
from soli_lang.machine.machine import Machine
from soli_lang.native.argument_checks import MISSING
from soli_lang.native.native import Arg, Declaration, NativeFunction
from soli_lang.values.display import inspect
from soli_lang.values.objects import SoliClass

from ..words.worlds import ROUTING, install_testing
from .builtin_facts import gives, place

GLOBAL = ""
"""Owner of global functions."""
ANY = "any"
TYPE_TITLES = {
    "any": "Any value",
    "array": "Array",
    "bool": "Bool",
    "bytes": "Bytes",
    "decimal": "Decimal",
    "float": "Float",
    "function": "Function",
    "hash": "Hash",
    "int": "Int",
    "null": "Null",
    "string": "String",
    "symbol": "Symbol",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One builtin, with all its names."""

    kind: str
    """`function`, `method` or `static`."""
    owner: str
    """Title of the type or class; empty for functions."""
    names: tuple[str, ...]
    signature: str
    text: str
    section: str
    """What the builtins declared in the same place are about."""
    is_bare: bool
    changes_receiver: bool
    gives: str
    """What a call yields, as a type in words; empty when that depends on the values."""
    place: str
    """Where it works, in a sentence; empty when it works everywhere."""

    @property
    def title(self) -> str:
        """`trim`, `String.trim`, `Math.floor`."""
        return f"{self.owner}.{self.names[0]}" if self.owner else self.names[0]

    @property
    def heading(self) -> str:
        """How it is called: `text.trim`, `Math.floor(number)`, `len(value)`."""
        if self.kind == "method":
            return f"{self.owner}.{self.names[0]}{self.signature}"
        return f"{self.title}{self.signature}"


class Reference:
    """All builtins of the runtime and of `soli test`."""

    def __init__(self) -> None:
        self.entries = sorted(_collect(_machine()), key=_order)

    def owners(self) -> list[str]:
        """Titles of types and classes, in order."""
        return sorted({entry.owner for entry in self.entries if entry.owner})

    def of(self, owner: str) -> list[Entry]:
        """What a type or class has; `GLOBAL`: the global functions."""
        return [entry for entry in self.entries if entry.owner == owner]

    def find(self, name: str) -> list[Entry]:
        """Entries called *name*: `trim`, `String.trim`, or all of `String`."""
        owner, _, member = name.rpartition(".")
        wanted_owner, wanted = owner.casefold(), member.casefold()
        found = [
            entry
            for entry in self.entries
            if any(one.casefold() == wanted for one in entry.names)
            and (not wanted_owner or entry.owner.casefold() == wanted_owner)
        ]
        if wanted_owner:
            return found
        exact = [entry for entry in found if member in entry.names]
        owned = [entry for entry in self.entries if entry.owner.casefold() == wanted]
        return owned or exact or found

    def suggestions(self, name: str) -> list[str]:
        """Names near *name*."""
        known: dict[str, str] = {}
        for entry in self.entries:
            for one in entry.names:
                known.setdefault(one, one)
                if entry.owner:
                    known.setdefault(f"{entry.owner}.{one}", f"{entry.owner}.{one}")
        for owner in self.owners():
            known.setdefault(owner, owner)
        close = get_close_matches(name, known, 3, 0.7)
        folded = {one.casefold(): one for one in known}
        close = close or [folded[one] for one in get_close_matches(name.casefold(), folded, 3, 0.7)]
        return close


def _machine() -> Machine:
    from ..words.asking import install_asking  # here: it loads aiohttp

    machine = Interpreter(install_testing).machine
    routing = {name: machine.globals[name] for name in ("get", "post", "put", "patch", "delete")}
    install_asking(machine)
    machine.globals.update({f"{name} (in tests)": machine.globals[name] for name in routing})
    declaring = machine.library[ROUTING]
    machine.globals.update(declaring)
    return machine


def _collect(machine: Machine) -> Iterator[Entry]:
    seen: set[int] = set()
    for value in machine.globals.values():
        if isinstance(value, NativeFunction):
            yield from _once(value.declaration, seen)
        elif isinstance(value, SoliClass):
            for static in value.statics.values():
                if isinstance(static, NativeFunction):
                    yield from _once(static.declaration, seen)
    for table in machine.methods.values():
        for method in table.values():
            yield from _once(getattr(method, "declaration", None), seen)


def _once(declaration: Declaration | None, seen: set[int]) -> Iterator[Entry]:
    if declaration is None or declaration.names[0].startswith("__"):
        return  # what templates are compiled to
    if id(declaration) not in seen:
        seen.add(id(declaration))
        yield _entry(declaration)


def _entry(declaration: Declaration) -> Entry:
    owner = declaration.owner
    if declaration.kind == "method":
        owner = TYPE_TITLES.get(owner, owner)
    return Entry(
        kind=declaration.kind,
        owner=owner,
        names=declaration.names,
        signature=_signature(declaration),
        text=cleandoc(declaration.code.__doc__ or ""),
        section=_section(declaration),
        is_bare=declaration.bare or (declaration.kind != "method" and not declaration.args),
        changes_receiver=declaration.mutates,
        gives=gives(declaration),
        place=place(declaration),
    )


def _section(declaration: Declaration) -> str:
    """The first sentence of the module that declares it."""
    module = sys.modules.get(declaration.code.__module__)
    first = cleandoc(getattr(module, "__doc__", None) or "").split("\n\n")[0].replace("\n", " ")
    first = re.sub(r"\s*\([^)]*(?:docs/spec|docs/decisions|§)[^)]*\)", "", first)  # for developers
    return first.rstrip(".:") or "Other"


def _signature(declaration: Declaration) -> str:
    if not declaration.args:
        return "" if declaration.kind == "method" and declaration.bare else "()"
    names = _parameter_names(declaration)
    parts = [_parameter(arg, names[index]) for index, arg in enumerate(declaration.args)]
    return f"({', '.join(parts)})"


def _parameter_names(declaration: Declaration) -> list[str]:
    code = declaration.code.__code__
    first = declaration.takes_machine + (declaration.kind == "method")
    count = len(declaration.args)
    names = list(code.co_varnames[first : code.co_argcount][:count])
    if len(names) < count and code.co_flags & 0x04:  # *rest
        names.append(code.co_varnames[code.co_argcount + code.co_kwonlyargcount])
    return [*names, *["value"] * (count - len(names))]


def _parameter(arg: Arg, name: str) -> str:
    name = name.strip("_") or "values"
    text = f"...{name}" if arg.is_rest else name
    if arg.types is not None or arg.noun not in ("value", ""):
        text += f": {_kind(arg)}"
    if arg.default is not MISSING and not arg.is_rest:
        text += f" = {_default(arg.default)}"
    return text


def _kind(arg: Arg) -> str:
    """The type as the declaration names it; a noun may go on to say what for."""
    words = arg.noun.split()
    return " ".join(words[:1]) if len(words) == 2 and "or" not in words else arg.noun


def _default(value: Any) -> str:
    return "null" if value is None else inspect(value)


def _order(entry: Entry) -> tuple[str, str]:
    return (entry.owner, entry.names[0])


# --- for people --------------------------------------------------------------------------------


def entry_text(entry: Entry) -> str:
    """An entry for the terminal."""
    lines = [entry.heading]
    if entry.text:
        lines.extend("  " + line if line else "" for line in entry.text.split("\n"))
    lines.extend("  " + note for note in _notes(entry))
    return "\n".join(lines)


def _notes(entry: Entry, shared: str = "") -> list[str]:
    """What is to be said besides; *shared* is the place that its page has told already."""
    notes = []
    if entry.gives:
        notes.append(f"Gives {entry.gives}.")
    if entry.changes_receiver:
        notes.append("Changes the receiver.")
    if entry.kind == "method" and entry.is_bare and entry.signature:
        notes.append("May stand without parentheses.")
    if entry.place != shared:
        notes.append(entry.place or "Works everywhere.")
    if len(entry.names) > 1:
        notes.append(f"Also: {', '.join(entry.names[1:])}")
    return notes


# --- pages -------------------------------------------------------------------------------------

_NOTE = "<!-- Generated by `soli doc --markdown docs/reference`. Change the declarations. -->\n"


_INTRODUCTION = """\
The builtins of Soli, which programs can use without an `import`.

- A heading shows the call: `.trim` means `text.trim`, `.join(separator: string)` means
  `list.join(",")`. A builtin without parentheses in its heading, or with the note *may stand
  without parentheses*, is called by its bare name. The bare name of any other builtin is the
  function itself ([why](../guide/functions.md#without-parentheses)).
- `name = value` in a heading is an optional parameter with its default. `...rest` is any number
  of arguments.
- *Gives* is the type of the result. Where it is missing, the type depends on the arguments, or on
  the result of your block.
- *Needs the capability* names the capability that a host has to grant. `soli run` grants all but a
  shell, `--deny` revokes them, and a Python program grants those it chooses
  ([embedding](../embedding.md)). Without the capability, the call raises a `CapabilityError`.
- *Works* says where a builtin works, if not everywhere. Elsewhere the call raises an error.
- *Kept* says where the data are: in the memory of the process, or with `--store` in a store that
  outlives the process and that all processes share ([stores](../stores.md)).
- *Changes the receiver* marks the methods that do. All other methods leave it unchanged."""


def pages(reference: Reference) -> dict[str, str]:
    """File name -> Markdown, of the whole reference."""
    owners = reference.owners()
    files = {"functions.md": _functions_page(reference)}
    for owner in owners:
        files[page_name(owner)] = _owner_page(reference, owner)
    files["README.md"] = _index_page(reference, owners)
    return files


def page_name(owner: str) -> str:
    """The file of a type or class."""
    return owner.lower().replace(" ", "-") + ".md"


def _index_page(reference: Reference, owners: list[str]) -> str:
    types = [owner for owner in owners if _is_type(reference, owner)]
    classes = [owner for owner in owners if owner not in types]
    count = len(reference.of(GLOBAL))
    lines = [_NOTE, "# Reference", "", _INTRODUCTION, ""]
    lines += [f"- [Global functions](functions.md) ({count})", "", "## Types", ""]
    lines += [_index_line(reference, owner) for owner in types]
    lines += ["", "## Classes", ""]
    lines += [_index_line(reference, owner) for owner in classes]
    lines += ["", "`soli doc NAME` shows the same in a terminal.", ""]
    return "\n".join(lines)


def _is_type(reference: Reference, owner: str) -> bool:
    return any(entry.kind == "method" for entry in reference.of(owner))


def _index_line(reference: Reference, owner: str) -> str:
    names = [entry.names[0] for entry in reference.of(owner)]
    shown = ", ".join(f"`{name}`" for name in names[:8])
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"- [{owner}]({page_name(owner)}): {shown}{more}"


def _functions_page(reference: Reference) -> str:
    sections: dict[str, list[Entry]] = {}
    for entry in reference.of(GLOBAL):
        sections.setdefault(entry.section, []).append(entry)
    lines = [_NOTE, "# Global functions", ""]
    for section in sorted(sections):
        lines += [f"## {section}", ""]
        lines += _with_place(sections[section], "###")
    return _joined(lines)


def _owner_page(reference: Reference, owner: str) -> str:
    return _joined([_NOTE, f"# {owner}", "", *_with_place(reference.of(owner), "##")])


def _with_place(entries: list[Entry], level: str) -> list[str]:
    """The entries, below the place that holds for most of them."""
    place, count = Counter(entry.place for entry in entries).most_common(1)[0]
    shared = place if count * 2 > len(entries) else ""
    lines = [shared, ""] if shared else []
    for entry in entries:
        lines += _entry_lines(entry, level, shared)
    return lines


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def _entry_lines(entry: Entry, level: str, shared: str) -> list[str]:
    heading = entry.heading
    if entry.kind == "method":
        heading = heading.removeprefix(entry.owner)
    lines = [f"{level} `{heading}`", ""]
    if entry.text:
        lines += [entry.text, ""]
    notes = _notes(entry, shared)
    if notes:
        lines += [" ".join(note.rstrip(".") + "." for note in notes), ""]
    return lines
