"""Views: templates with layouts and partials (docs/spec §L24.4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from soli_stdlib.json.text import json_codec

from soli_lang.base.errors import SoliError
from soli_lang.base.source import Source
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Hash, String, function, method
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key
from soli_lang.values.values import Symbol, Value

from ..current import REQUEST

EXTENSIONS = (".slv", ".html.slv", ".html.erb")
DEFAULT_LAYOUT = "layouts/application"


class Compiled(Protocol):
    def get(self, name: str) -> Value: ...


class Page:
    """What a template writes into. *check* raises when that gets too long.

    *body* is the HTML that a layout stands around; None where there is none.
    """

    __slots__ = ("body", "check", "parts", "size")

    soli_type = "Page"

    def __init__(self, check: Callable[[int], None], body: str | None = None) -> None:
        self.body = body
        self.parts: list[str] = []
        self.size = 0
        self.check = check

    def add(self, text: str) -> None:
        self.size += len(text)
        self.check(self.size)
        self.parts.append(text)


@method("Page", "text", Any_)
def page_text(page: Page, value: Value) -> None:
    """Write a value as it is."""
    page.add("" if value is None else to_text(value))


@method("Page", "escaped", Any_)
def page_escaped(page: Page, value: Value) -> None:
    """Write a value so that HTML shows its characters."""
    from html import escape

    page.add("" if value is None else escape(to_text(value)))


@method("Page", "body")
def page_body(page: Page) -> None:
    """Write what the layout stands around."""
    if page.body is None:
        raise SoliError("yield: only a layout has a body to write here")
    page.add(page.body)


@function("raw", Any_)
def raw(value: Value) -> str:
    """In a template, `<%= raw(x) %>` writes *x* without escaping; so does `<%- x %>`."""
    return "" if value is None else to_text(value)


_IN_SCRIPTS = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"})


@function("script_json", Any_)
def script_json(machine: Machine, value: Value) -> str:
    """In a template, a value for a script: `<script>const me = <%= script_json(me) %></script>`.

    JSON in which nothing ends the script, whatever the value holds.
    """
    return json_codec(machine).encode(value).translate(_IN_SCRIPTS)


TEMPLATES: MachineKey[Templates] = MachineKey("templates")
"""The templates of an app folder."""


@function("partial", String("string name"), Hash.optional())
def partial(machine: Machine, name: str, data: dict[Any, Value] | None) -> str:
    """The text of a partial (`_name.slv`)."""
    templates = machine.library.get(TEMPLATES)
    if templates is None:
        raise SoliError("partial() needs a project folder with app/views")
    return templates.partial(machine, name, data or {})


MAX_COMPILED = 1000
"""Templates kept, each by the names that it is given: a program may pass on what clients name."""


class Templates:
    """The templates below one folder, compiled when first used and when their file changed."""

    def __init__(self, root: Path, compile_source: Callable[[Source], Compiled]) -> None:
        self._root = root.resolve()
        self._compile = compile_source
        self._compiled: dict[tuple[Path, tuple[str, ...], bool], tuple[int, Value]] = {}

    def render(
        self, machine: Machine, name: str, data: dict[Any, Value], layout: Value = None
    ) -> str:
        """The page of template *name*, inside its layout unless *layout* is false.

        *layout* null means the default one, if there is one. Raises SoliError.
        """
        values = self._values(machine, data)
        body = self._run(machine, self._file(name), values)
        if layout is False:
            return body
        if isinstance(layout, Symbol):
            layout = layout.name
        path = self._layout(layout)
        if path is None:
            return body
        return self._run(machine, path, {**values, "content": body}, body)

    def partial(self, machine: Machine, name: str, data: dict[Any, Value]) -> str:
        """The text of a partial: `shared/row` is the file `shared/_row.slv`."""
        folder, slash, last = name.rpartition("/")
        path = self._find(f"{folder}{slash}_{last}") or self._find(name)
        if path is None:
            raise SoliError(
                f"there is no partial '{name}' in app/views",
                hint=self._looked_for(f"{folder}{slash}_{last}", name),
            )
        return self._run(machine, path, self._values(machine, data))

    def _values(self, machine: Machine, data: dict[Any, Value]) -> dict[str, Value]:
        context = machine.local.get(REQUEST)
        fields = context.instance.fields if context is not None and context.instance else {}
        named = {to_text(from_key(key)): value for key, value in data.items()}
        return {name: value for name, value in {**fields, **named}.items() if name.isidentifier()}

    def _layout(self, layout: Value) -> Path | None:
        if layout is None:
            return self._find(DEFAULT_LAYOUT)
        name = to_text(layout)
        found = self._find(name) or self._find(f"layouts/{name}")
        if found is None:
            raise SoliError(
                f"there is no layout '{name}' in app/views",
                hint=self._looked_for(name, f"layouts/{name}"),
            )
        return found

    def _file(self, name: str) -> Path:
        found = self._find(name)
        if found is None:
            raise SoliError(
                f"there is no template '{name}' in app/views", hint=self._looked_for(name)
            )
        return found

    def _find(self, name: str) -> Path | None:
        for extension in EXTENSIONS:
            path = (self._root / f"{name}{extension}").resolve()
            if path.is_file() and path.is_relative_to(self._root):
                return path
        return None

    def _looked_for(self, *names: str) -> str:
        folder = f"app/{self._root.name}"
        files = [f"{folder}/{name}{extension}" for name in names for extension in EXTENSIONS]
        return f"looked for {', '.join(files)}"

    def _run(
        self, machine: Machine, path: Path, values: dict[str, Value], body: str | None = None
    ) -> str:
        names = tuple(sorted(values))
        function = self._function(path, names, is_layout=body is not None)
        page = Page(machine.check_length, body)
        machine.call(function, page, *(values[name] for name in names))
        return "".join(page.parts)

    def _function(self, path: Path, names: tuple[str, ...], *, is_layout: bool) -> Value:
        modified, key = path.stat().st_mtime_ns, (path, names, is_layout)
        known = self._compiled.get(key)
        if known is not None and known[0] == modified:
            return known[1]
        shown = f"{self._root.name}/{path.relative_to(self._root).as_posix()}"
        from .template_text import FUNCTION, translate  # here: most scripts have no templates

        source = translate(shown, path.read_text("utf-8"), names, is_layout=is_layout)
        function = self._compile(source).get(FUNCTION)
        if len(self._compiled) >= MAX_COMPILED:
            self._compiled.clear()
        self._compiled[key] = (modified, function)
        return function
