"""The names of an app at the prompt: its functions, classes, constants and variables.

They are lent to the session before each input and taken back after it, so that what was redefined
holds for the app's own code and for what its routes lead to.
"""

from __future__ import annotations

from soli_lang.interpreter import Program, Session
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import UNSET, Function, Value

from ...loading.app import App


def is_code(value: Value) -> bool:
    """Whether a value belongs to the program text: a function or class."""
    return isinstance(value, Function | SoliClass)


class AppNames:
    """What the files of an app define, seen from one session."""

    def __init__(self, app: App, session: Session) -> None:
        self._app = app
        self._session = session
        self._shared = [app.programs[path] for path in app.project.shared]
        self._homes: dict[str, Program] = {}
        self._lent: dict[str, Value] = {}
        self._prefer(None)

    def prefer(self, controller: str) -> bool:
        """Let the names of *controller* go first. False when there is none."""
        path = self._app.project.controllers.get(controller)
        if path is None:
            return False
        self._prefer(self._app.programs[path])
        return True

    def _prefer(self, first: Program | None) -> None:
        programs = [*self._app.programs.values()]
        self._homes = {}
        for program in [first, *programs] if first is not None else programs:
            for name in program.file.names:
                if program.file.get(name) is not UNSET:
                    self._homes.setdefault(name, program)

    @property
    def names(self) -> list[str]:
        """All of them."""
        return sorted(self._homes)

    def value(self, name: str) -> Value:
        """What one of them means now."""
        value = self._homes[name].file.get(name)
        return None if value is UNSET else value

    def data(self) -> dict[str, Value]:
        """The variables and constants among them."""
        values = {name: self.value(name) for name in self._homes}
        return {name: value for name, value in values.items() if not is_code(value)}

    def lend(self) -> None:
        """Let the session see what the names mean now."""
        file = self._session.file
        for name, program in self._homes.items():
            value = program.file.get(name)
            self._lent[name] = value
            file.set(name, value)

    def take_back(self) -> list[str]:
        """Let the app see what the session made of its names; those that it changed."""
        file = self._session.file
        changed = [name for name, value in self._lent.items() if file.get(name) is not value]
        for name in changed:
            program, value = self._homes[name], file.get(name)
            program.file.set(name, value)
            if program in self._shared:
                self._app.interpreter.machine.globals[name] = value
        if changed:
            self._app.renew()
        return changed
