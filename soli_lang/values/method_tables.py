"""The methods of one name on builtin types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .values import Value

Calls = dict[type, Callable[..., Value]]
Form = tuple[Callable[..., Any] | None, Callable[..., Any]]
"""(condition, result): what writes them (`NativeMethod.when` and `quick`)."""
Forms = dict[Form, set[type]]
"""Form -> the receivers for which it replaces the call."""


class MethodTable(dict[type, Any]):
    """Python class of a receiver -> NativeMethod, or Method when a program added it."""

    __slots__ = ("_bare", "_forms", "_taking")

    def __init__(self) -> None:
        super().__init__()
        self._taking: dict[tuple[type | None, ...], Calls] = {}
        self._forms: dict[int, Forms] = {}
        self._bare: Calls | None = None

    def __setitem__(self, kind: type, method: Any) -> None:
        super().__setitem__(kind, method)
        if self._bare is not None:
            _note_bare(self._bare, kind, method)
        for kinds, calls in self._taking.items():
            _note(calls, kinds, kind, method)
        for count, forms in self._forms.items():
            for receivers in forms.values():
                receivers.discard(kind)
            _note_form(forms, count, kind, method)

    def taking(self, kinds: tuple[type | None, ...]) -> Calls:
        """What to call with a receiver and arguments of these *kinds* (None: any), for the native
        methods that take so many. It is kept up to date: a call site asks once and then only
        looks up.
        """
        calls = self._taking.get(kinds)
        if calls is None:
            calls = self._taking[kinds] = {}
            for kind, method in self.items():
                _note(calls, kinds, kind, method)
        return calls

    def bare(self) -> Calls:
        """What to call with a receiver, for the native methods that need no parentheses; kept up
        to date."""
        calls = self._bare
        if calls is None:
            calls = self._bare = {}
            for kind, method in self.items():
                _note_bare(calls, kind, method)
        return calls

    def forms(self, count: int) -> Forms:
        """How calls with *count* arguments are written out (`NativeMethod.quick`).

        The sets are kept up to date: a receiver leaves when a program replaces its method.
        """
        forms = self._forms.get(count)
        if forms is None:
            forms = self._forms[count] = {}
            for kind, method in self.items():
                _note_form(forms, count, kind, method)
        return forms


def _note_bare(calls: Calls, kind: type, method: Any) -> None:
    if getattr(method, "bare", False):
        calls[kind] = method.invoke
    else:
        calls.pop(kind, None)


def _note_form(forms: Forms, count: int, kind: type, method: Any) -> None:
    quick = getattr(method, "quick", None)
    if quick and method.low == count:
        forms.setdefault((method.when, quick), set()).add(kind)


def _note(calls: Calls, kinds: tuple[type | None, ...], kind: type, method: Any) -> None:
    low = getattr(method, "low", None)
    if low is not None and low <= len(kinds) <= method.high:
        calls[kind] = method.given(kinds)
    else:
        calls.pop(kind, None)
