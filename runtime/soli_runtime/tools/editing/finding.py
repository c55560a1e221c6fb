"""Where the thing at a place is defined."""

from __future__ import annotations

import itertools

from . import vocabulary
from .documents import Document
from .projects import Place, Projects


class Finding:
    """Definitions, as seen from one document."""

    def __init__(self, document: Document, projects: Projects) -> None:
        self._document = document
        self._projects = projects

    def at(self, offset: int) -> Place | None:
        """The definition of what stands at *offset*."""
        index = self._document.token_at(offset)
        if index is None:
            return None
        token = self._document.tokens[index]
        if token.type == "NAME":
            return self._name(index)
        if token.type == "LITERAL" and isinstance(token.value, str):
            return self._text(index, token.value)
        return None

    def _name(self, index: int) -> Place | None:
        document, token = self._document, self._document.tokens[index]
        before = document.tokens[index - 1].type if index else ""
        if before == "DOT":
            return self._here(token.value) or self._elsewhere(token.value)
        program = document.program
        if program is not None:
            # The tokens of the program are those of the text, one by one.
            variable = program.bindings.variable(index)
            span = program.bindings.declaration(variable) if variable is not None else None
            if span is not None:
                return self._imported(index) or Place(document.path, document.source, span)
        return self._here(token.value) or self._elsewhere(token.value)

    def _imported(self, index: int) -> Place | None:
        """Where an imported name comes from: its import names the file."""
        tokens = self._document.tokens
        name = tokens[index].value
        for at, token in enumerate(tokens):
            if token.type != "IMPORT":
                continue
            end = at + 1
            while end < len(tokens) and tokens[end].type not in ("LITERAL", "EOF"):
                end += 1
            if any(one.value == name for one in tokens[at:end] if one.type == "NAME"):
                place = self._projects.file_place(self._document.path, str(tokens[end].value))
                if place is not None:
                    return self._projects.declared_place(place.path, name) or place
        return None

    def _here(self, name: str) -> Place | None:
        """A function, method or class of this text."""
        tokens = self._document.tokens
        for before, token in itertools.pairwise(tokens):
            is_declared = before.type in ("FN", "CLASS", "MODULE", "ENUM") and token.value == name
            if is_declared and token.type == "NAME":
                return Place(self._document.path, self._document.source, token.span)
        return None

    def _elsewhere(self, name: str) -> Place | None:
        return self._projects.shared_place(self._document.path, name)

    def _text(self, index: int, text: str) -> Place | None:
        tokens, path = self._document.tokens, self._document.path
        call = index - 1
        if call >= 0 and tokens[call].type == "LPAR":
            call -= 1
        before = tokens[call] if call >= 0 else None
        if before is not None and before.type == "NAME" and before.value in vocabulary.VIEW_WORDS:
            return self._projects.view_place(path, text)
        if before is not None and before.type in ("FROM", "IMPORT"):
            return self._projects.file_place(path, text)
        return self._projects.action_place(path, text) if "#" in text else None
