"""Soli for Pygments, so that the prompt is in colours."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, words  # type: ignore[import-untyped]
from pygments.token import (  # type: ignore[import-untyped]
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from soli_lang.syntax.scanner.tokens import KEYWORDS

CONSTANTS = ("true", "false", "null")


class SoliLexer(RegexLexer):  # type: ignore[misc]  # Pygments ships no types
    """Tokens of a Soli program, or of what is typed of one."""

    name = "Soli"
    aliases: ClassVar[list[str]] = ["soli"]
    filenames: ClassVar[list[str]] = ["*.soli", "*.sl"]

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\s+", Whitespace),
            (r"(#|//)(?!\{).*$", Comment.Single),
            (r"\A\.[a-z_]+", Name.Decorator),
            (r'"""', String, "long"),
            (r'"', String, "string"),
            (r"'(?:\\.|[^'\\\n])*'?", String.Single),
            (r":[A-Za-z_]\w*", String.Symbol),
            (r"\b\d[\d_]*\.\d[\d_]*(?:[eE][+-]?\d+)?", Number.Float),
            (r"\b(?:0x[0-9a-fA-F_]+|0b[01_]+|\d[\d_]*)", Number.Integer),
            (words(CONSTANTS, prefix=r"\b", suffix=r"\b"), Keyword.Constant),
            (
                r"\b(def|class|module)(\s+)([A-Za-z_]\w*[?!]?)",
                bygroups(Keyword, Whitespace, Name.Function),
            ),
            (words(tuple(KEYWORDS), prefix=r"\b", suffix=r"\b(?!\s*:)"), Keyword),
            (r"\b[A-Z]\w*", Name.Class),
            (r"[A-Za-z_]\w*[?!]?", Name),
            (r"[-+*/%<>=!&|?.^~]+", Operator),
            (r"[][(){},;:@$\\]", Punctuation),
            (r".", Name),
        ],
        "string": [
            (r"\\.", String.Escape),
            (r"#\{", String.Interpol, "interpolation"),
            (r'[^"\\#]+', String),
            (r'"', String, "#pop"),
            (r"#", String),
        ],
        "long": [
            (r"\\.", String.Escape),
            (r"#\{", String.Interpol, "interpolation"),
            (r'"""', String, "#pop"),
            (r'[^"\\#]+', String),
            (r'["#]', String),
        ],
        "interpolation": [
            (r"\}", String.Interpol, "#pop"),
            (r'[^}"]+', Name),
            (r'"', String, "string"),
        ],
    }
