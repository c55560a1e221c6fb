"""What a text is made of, by its scanner: one letter per character, to compare highlighters with.

`s` string, `i` the `#{` and `}` in one, `c` comment, `k` reserved word, `n` number, `y` symbol,
`.` anything else.
"""

from __future__ import annotations

from soli_lang.base.source import Source
from soli_lang.syntax.scanner.scanner import Scanner
from soli_lang.syntax.scanner.tokens import KEYWORDS, Token

_LETTERS = dict.fromkeys(("STR_BEGIN", "STR_END", "STR_TEXT", "SHELL", "PERCENT"), "s") | {
    "UNSUPPORTED": "s",
    "INTERP": "i",
    "INTERP_END": "i",
    "SYMBOL": "y",
}


def by_scanner(text: str) -> str:
    """The letters of *text*: tokens by their types, comments by what stands between tokens."""
    letters = ["."] * len(text)
    tokens, at = Scanner(Source("", text)).run(), 0
    for index, token in enumerate(tokens):
        _comments(text, at, token.start, letters)
        letters[token.start : token.end] = _letter(text, tokens, index) * (token.end - token.start)
        at = max(at, token.end)
    return "".join(letters)


def _letter(text: str, tokens: list[Token], index: int) -> str:
    token = tokens[index]
    written = text[token.start : token.end]
    if token.type == "LITERAL":
        return "n" if written[:1].isdigit() else "s"
    if written in KEYWORDS and token.type != "NAME":
        follows = text[token.end : token.end + 2]
        is_key = follows.startswith(":") and follows != "::" and token.type != "CONSTANT"
        is_member = index > 0 and tokens[index - 1].type == "DOT"
        return "." if is_key or is_member else "k"
    return _LETTERS.get(token.type, ".")


def _comments(text: str, at: int, end: int, letters: list[str]) -> None:
    while at < end:
        stop = at + 1
        if text.startswith(("#", "//"), at):
            line_end = text.find("\n", at)
            stop = end if line_end < 0 else min(line_end, end)
            letters[at:stop] = "c" * (stop - at)
        elif text.startswith("/*", at):
            stop = end - len(text[at:end]) + len(text[at:end].rpartition("*/")[0]) + 2
            stop = stop if "*/" in text[at:end] else end
            letters[at:stop] = "c" * (stop - at)
        at = stop
