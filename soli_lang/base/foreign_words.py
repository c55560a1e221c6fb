"""Words of other languages, and what stands for them in Soli: hints for unknown names."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Final

from .source import Span

FUNCTION: Final = "a function is `def name(x) ... end`, one without a name `fn(x) { x + 1 }`"
CONDITION: Final = "a condition is `if ... elsif ... else ... end`"
CHOICE: Final = "there is no `switch`; write `match value { pattern => result, ... }`"
DECLARATION: Final = "a variable begins with its first value, `x = 1` or `let x = 1`"
THROW: Final = 'an error is thrown by `throw "text"`, and caught by `try ... catch error ... end`'
TEXT: Final = 'a text with values in it is `"a #{value}"`; the `f` before it is too much'
PAIRS: Final = "`hash.each |key, value| ... end` walks it, `hash.keys` are its keys"
LOOP: Final = "a loop is `while condition ... end` or `for x in values ... end`"
COUNTING: Final = "a counting loop is `for i in 0..3 ... end` (0, 1, 2)"
IMPORT: Final = 'files are imported by their path: `import "./name"`'
PRINT: Final = "print with `print(value)`"
NOTHING: Final = "nothing is `null`"
GLOBAL: Final = "a function sees and changes the variables around it without saying so"
RANDOM: Final = "a random number is `Math.random()`, from 0 up to 1; an item is `items.sample`"
NOW: Final = "the time is `DateTime.now()`"
FIELDS: Final = "a class declares fields, to be read and set from everywhere: `name: String`"
BRACKETS: Final = "`[[` opens an array in an array; a text is written in three quotes or in '...'"
METHOD: Final = "a method of numbers: `x.abs`, `x.sqrt`, `x.round(2)`, `x.floor`"
NUMBER: Final = "a number is read by `int(text)` or `float(text)`, or by `text.to_i`, 0 for none"
SETTING: Final = 'a setting of the environment is `getenv("NAME")`'
METHOD_HERE: Final = "'{0}' is a method: write it behind the value, `value.{0}`"
MODULE: Final = "a module is `module Name ... end`; its functions are `def name(x) ... end`"
ARRAY: Final = "an array is `[1, 2]`"
HASH: Final = 'a hash is `{ "key": 1 }`, an empty one `{}`'
LATER: Final = "wait with `sleep(seconds)`; what is to run later is a job"
BOTH: Final = "conditions are joined by `and`, `or` and `not`, or by `&&`, `||` and `!`"
WAITING: Final = "every function may wait, without `async` and `await`: leave the word out"

FOREIGN_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("function", "func", "fun", "lambda", "proc", "sub"), FUNCTION),
    **dict.fromkeys(("elif", "elseif", "endif"), CONDITION),
    **dict.fromkeys(("switch", "select"), CHOICE),
    **dict.fromkeys(("var", "val", "local", "auto"), DECLARATION),
    **dict.fromkeys(("raise", "except"), THROW),
    **dict.fromkeys(("until", "loop", "repeat"), LOOP),
    **dict.fromkeys(("require", "require_relative", "include", "using"), IMPORT),
    **dict.fromkeys(("console", "printf", "echo"), PRINT),
    **dict.fromkeys(("None", "undefined", "NULL"), NOTHING),
    **dict.fromkeys(("global", "nonlocal"), GLOBAL),
    **dict.fromkeys(("rand", "random", "Random"), RANDOM),
    **dict.fromkeys(("Time", "Date", "Datetime", "datetime", "now"), NOW),
    **dict.fromkeys(("attr_accessor", "attr_reader", "attr_writer", "property"), FIELDS),
    **dict.fromkeys(("gets", "readline", "prompt"), "read a line with `input()`"),
    **dict.fromkeys(("abs", "sqrt", "round", "floor", "ceil"), METHOD),
    **dict.fromkeys(("max", "min"), "the greatest and the least are `[a, b].max` and `[a, b].min`"),
    **dict.fromkeys(
        ("exit", "quit"), "a program ends at the end of its text, or with what it throws"
    ),
    **dict.fromkeys(("env", "ENV", "environ"), SETTING),
    **dict.fromkeys(("Integer", "parseInt", "parseFloat"), NUMBER),
    **dict.fromkeys(("IO", "fmt", "stdout"), PRINT),
    **dict.fromkeys(("use", "alias", "from"), IMPORT),
    **dict.fromkeys(("defmodule", "namespace"), MODULE),
    **dict.fromkeys(("defp", "func", "fun"), FUNCTION),
    **dict.fromkeys(("defstruct", "dataclass"), FIELDS),
    **dict.fromkeys(("list", "tuple", "array"), ARRAY),
    **dict.fromkeys(("dict", "Map", "Object"), HASH),
    **dict.fromkeys(("setTimeout", "setInterval"), LATER),
    **dict.fromkeys(("AND", "OR", "NOT"), BOTH),
    **dict.fromkeys(("mut", "dim"), DECLARATION),
    **dict.fromkeys(("Promise",), WAITING),
    "Number": NUMBER,
    "nil?": "ask `value.nil?` or `value == null`",
    "is": "compare with `==`, with nothing by `value == null`",
    "assert": 'specs assert; a program throws: `throw "text" unless condition`',
    "enumerate": "`for item, index in items ... end` counts along",
    "sorted": "a sorted array is `items.sort`, or `items.sort_by { |x| x.name }`",
    "reversed": "the other way round is `items.reverse`",
    "Enum": "arrays have the methods: `items.map`, `items.filter`, `items.reduce`",
    "foreach": "a loop over values is `for x in values ... end`",
    "open": "files are read and written whole: `File.read(path)`, `File.write(path, text)`",
    "defined?": 'ask `defined("name")`',
    "inspect": "as programmers see it, a value is `value.inspect`",
    "eval": "no text becomes a program while one runs",
    "Struct": FIELDS,
    "Set": "there are no sets: `items.uniq`, `items.union(others)`, `items.includes?(x)`",
    "p": "print a value as programmers see it with `print(value.inspect)`",
    "async": WAITING,
    "True": "it is `true`, with a small letter",
    "False": "it is `false`, with a small letter",
    "NaN": "ask `number.nan?`; no literal is no number",
    "pass": "an empty body needs no word: leave it out",
    "next": "`next` takes no value; `return value` ends a block early with one",
    "continue": "go on with the next turn of a loop with `next`",
    "yield": "call the block by its name: `def each_one(&block) ... block(x) ... end`",
    "typeof": "the type of a value is `type(value)`",
    "instanceof": 'ask `value.is_a?("Name")`',
    "isinstance": 'ask `value.is_a?("Name")`',
    "del": "take a key out of a hash with `hash.delete(key)`",
    "delete": "take a key out of a hash with `hash.delete(key)`",
    "xor": "exactly one of two is `!!a != !!b`",
    **dict.fromkeys(("strlen", "sizeof"), "the length is `value.length`"),
    **dict.fromkeys(("isset", "isNull", "is_null"), "ask `value != null`, or `value.nil?`"),
    **dict.fromkeys(("explode", "implode"), '`text.split(",")` cuts, `items.join(",")` joins'),
    **dict.fromkeys(("sprintf", "format"), 'values are put into a text by `"#{a}: #{b}"`'),
    **dict.fromkeys(("die", "abort"), THROW),
    **dict.fromkeys(("log", "logger", "Logger"), PRINT),
    **dict.fromkeys(("print_r", "var_dump"), "print a value with `print(value.inspect)`"),
    **dict.fromkeys(
        ("fetch", "axios", "requests", "http"),
        "a request is `HTTP.get(url)`, with JSON `HTTP.get_json(url)`",
    ),
    **dict.fromkeys(
        ("document", "window", "alert"),
        "this runs on the server; scripts of pages are files in `public/`",
    ),
    "cond": CONDITION,
    "in_array": "ask `items.includes?(x)`",
    "array_push": "an item is put behind by `items.push(x)`",
    "block_given?": "a block is a parameter, `def f(&block)`; it is null if none was given",
    "any": "ask `items.any?(|x| x > 1)`",
    "all": "ask `items.all?(|x| x > 1)`",
    "with": "there is no `with`: files are read and written whole, `File.read(path)`",
}
"""Word -> hint; only for names that nothing defines."""


_LONGEST_BRACKETS: Final = 2000
_IN_NESTED_ARRAY: Final = frozenset("0123456789-[\"'{:@(]")
_WORDS: Final = re.compile(r"(\w+)[ \t]+(?=(\w+))|\w!(?!=)")
"""Two words in a row, or an exclamation: prose, unless the words are those of expressions."""
_IN_EXPRESSIONS: Final = frozenset("for if in and or not unless rescue new fn then else".split())


def text_in_brackets(text: str, at: int) -> str | None:
    """The hint for what is wrong at offset *at* inside `[[`, which texts were once written in."""
    start = text.rfind("[[", max(0, at - _LONGEST_BRACKETS), at)
    if start < 0 or text[start + 2 : start + 3] in _IN_NESTED_ARRAY:
        return None
    return None if "]" in text[start:at] or "," in text[start:at] else BRACKETS


def _is_prose(text: str, start: int) -> bool:
    """Whether what stands from *start* on up to `]]` is no list of expressions."""
    end = text.find("]]", start, start + _LONGEST_BRACKETS)
    pairs = _WORDS.finditer(text, start, max(start, end))
    return any(_IN_EXPRESSIONS.isdisjoint(one.groups()) for one in pairs)


def foreign_hint(name: str, text: str, span: Span) -> str | None:
    """What a person means who writes *name*, which nothing defines, at *span* of *text*."""
    following = text[span.end : span.end + 1]
    before = text[max(0, span.start - 9) : span.start].rstrip(" ")
    if before.endswith("[[") and _is_prose(text, span.start):
        return BRACKETS
    if before.endswith(" extend"):
        return "the parent class stands behind `extends`"
    if name.endswith("?") and following == ".":
        return f"a member of what may be null is `{name[:-1]}&.name`"
    if name in ("f", "F") and following[:1] in ('"', "'"):
        return TEXT
    return FOREIGN_WORDS.get(name)


def method_hint(name: str, methods: Container[str], text: str, span: Span) -> str | None:
    """The hint for a method that is called as if it were a function: `upcase("a")`."""
    if name not in methods:
        return None
    if text[: span.start].endswith(".."):
        return f"one dot calls a method, two make a range: `value.{name}`"
    is_call = text[span.end : span.end + 1] == "("
    is_piped = text[: span.start].rstrip().endswith("|>")
    return METHOD_HERE.format(name) if is_call or is_piped else None
