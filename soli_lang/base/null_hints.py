"""What was null, and what to write instead: hints for the errors of `null`, and a few others.

An error knows the text that it happened in and its own message, so that nothing is prepared for
it before something fails. Where the text does not show what was null, there is no hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_LONGEST: Final = 60
_CHAIN: Final = re.compile(r"([\w.]+) *(<=?|>=?) *([\w.]+) *(<=?|>=?) *([\w.]+)$")
_CALL_ON_NULL: Final = re.compile(r"(\w+)\(\) expects (array|string|hash).*, got null$")
_ARGUMENT: Final = re.compile(r"\w+\(([\w.]+)\)$")
_EMPTY: Final = {"array": "[]", "string": '""', "hash": "{}"}
_MEMBER: Final = re.compile(r"Cannot access property '(.+)' on null$")
_ON_ARRAY: Final = re.compile(r"Cannot access property '([a-z_]+)' on Array$")
_BINARY: Final = re.compile(r"Type error: Cannot (add|subtract|multiply|divide|modulo|compare) ")
_NUMBERS: Final = "(?:int|float|decimal)"
_PLAIN: Final = tuple(
    (re.compile(start), hint)
    for start, hint in {
        "Type error: Cannot modulo string by ": (
            'values are put into a text with `#{}`: `"#{price.round(2)} EUR"`'
        ),
        rf"Type error: Cannot \w+ (?:string \w+ {_NUMBERS}|{_NUMBERS} \w+ string)$": (
            "a number is read from a text by `text.to_i` or `text.to_f`"
        ),
        "Division by zero": "ask before it: `b == 0 ? 0 : a / b`",
        "Index out of bounds": (
            "the first has the index 0, the last -1; ask for `length` before it"
        ),
        "Type error: cannot reassign constant '(.+)'": "`let` in place of `const` makes a variable",
        "Type error: no pattern matched": "`_ => …` as the last arm takes everything else",
        "Cannot access property 'call' on Function": "a function is called by its name: `f(x)`",
        "a command in backticks: not allowed": (
            "a text stands in quotes, with values as `#{value}`; backticks run a command"
        ),
        "Type error: cannot index array with array": (
            "a part of an array is `items.slice(0, 2)`: from 0 up to, not including, 2"
        ),
        r"'.+' takes (?:Int|Float|Decimal) as .+, this is String": (
            "a number is read from a text by `text.to_i` or `text.to_f`"
        ),
        r"'.+' takes String as .+, this is (?:Int|Float|Decimal|Bool)": (
            "the text of a value is `value.to_s`"
        ),
        "Type error: Cannot multiply string and string": (
            "a text is repeated by an Int, `text * 3`; a number is read from one by `text.to_i`"
        ),
        r"[\w.]+\(\) expects (?:a )?number, got string$": (
            "a number is read from a text by `text.to_i` or `text.to_f`"
        ),
        r"Type error: cannot index (int|float|bool|decimal)": (
            "`[...]` takes an item of an Array, a value of a Hash, a character of a String"
        ),
        "(Type error: )?Cannot convert Function to JSON": (
            "JSON has texts, numbers, Bools, null, Arrays and Hashes: call the function, `f()`"
        ),
        "Cannot call non-function value": (
            "only a function is called; a value is read without parentheses, an item by `[0]`"
        ),
        r"Type error: cannot iterate over (int|float)": "a counting loop is `for i in 0..n`",
        "Type error: Cannot negate string": (
            "a number is read from a text by `text.to_i` or `text.to_f`"
        ),
        r"Type error: Cannot subtract \w+ from array": (
            "`items.reject(|x| x == 1)` leaves items out, `items.difference(others)` several"
        ),
        r"Type error: Cannot add (?:array and (?!array)|(?!array)\w+ and array)": (
            "an item is put behind by `items + [x]`, or `items.push(x)`; two arrays are added"
        ),
        r"Type error: Cannot add (?:hash and |\w+ and hash)": (
            'two hashes are joined by `a.merge(b)`, a key is set by `hash["key"] = value`'
        ),
        "Type error: invalid assignment target": (
            "items of an Array and values of a Hash can be set; a text never changes: make a new "
            "one, `text.sub(old, new)`"
        ),
        "Cannot access property '(.+)' on Method": (
            "a method that takes arguments or a block runs only when it gets them: `5.times |i| …`"
        ),
    }.items()
)
"""Beginnings of messages -> what to do about it, whatever the program is."""
_SIGNS: Final = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "modulo": "%",
    "compare": "<>",
}
_OPENS, _CLOSES, _QUOTES = "([{", ")]}", "\"'"


def null_hint(message: str, text: str) -> str | None:
    """A hint for an error with *message*, in the piece of program *text*."""
    if "null" not in message or "\n" in text:
        return None
    member = _MEMBER.match(message)
    if member:
        return _member_hint(member[1], text)
    call, argument = _CALL_ON_NULL.match(message), _ARGUMENT.match(text)
    if call and argument:
        value = argument[1]
        return _about(value, f"`{call[1]}({value} ?? {_EMPTY[call[2]]})` takes an empty one then")
    if message == "Type error: cannot iterate over null":
        return _about(text, f"`{text} ?? []` goes over nothing then")
    if message.startswith("Type error: cannot index null"):
        receiver = _before_last(text, "[")
        return _about(receiver, f"`{text} ?? other` takes another value then")
    if message == "Type error: cannot set property on null":
        receiver = _before_last(text, ".")
        return _about(receiver, f"`{receiver} ??= {{}}` before this line makes it a hash")
    return _operand_hint(message, text)


def error_hint(message: str, text: str) -> str | None:
    """The hint of `null_hint`, or else what to do about a *message* in any program."""
    plain = next((hint for start, hint in _PLAIN if start.match(message)), None)
    return plain or null_hint(message, text) or _shape_hint(message, text)


def _shape_hint(message: str, text: str) -> str | None:
    """A hint for what the piece of program shows to be of another language."""
    if message.startswith("Type error: Cannot compare bool and "):
        chain = _CHAIN.search(text)
        if chain:
            low, first, middle, second, high = chain.groups()
            return f"write both comparisons: `{low} {first} {middle} && {middle} {second} {high}`"
    item = _ON_ARRAY.match(message)
    if item:
        return f"an Array has items, each with its own: `.map(|one| one.{item[1]})`, `[0]`"
    if message.startswith("Cannot access property ") and re.match(r"len\(.*\)\.length$", text):
        return "`len(...)` is the length already"
    return None


def _member_hint(name: str, text: str) -> str | None:
    places = [at for at in _places(text, ".") if text[at + 1 :].lstrip().startswith(name)]
    if not places:
        return None
    receiver = text[: places[-1]].removesuffix("&").rstrip()
    advice = f"`{receiver}&.{name}` is null then, and `{receiver} ?? other` takes another value"
    return _about(receiver, advice)


def _operand_hint(message: str, text: str) -> str | None:
    found = _BINARY.match(message)
    if not found:
        return None
    verb, rest = found[1], message[found.end() :]
    first, _, second = rest.partition(" from " if verb == "subtract" else " and ")
    if verb in ("divide", "modulo"):
        first, _, second = rest.partition(" by ")
    if verb == "subtract":
        first, second = second, first
    places = [at for sign in _SIGNS[verb] for at in _places(text, sign)]
    if not places or "null" not in (first, second):
        return None
    at = max(places)
    operand = text[:at] if first == "null" else text[at + 1 :].removeprefix("=")
    operand = operand.strip()
    return _about(operand, f"`({operand} ?? other)` takes another value then")


def _about(receiver: str, advice: str) -> str | None:
    if not receiver or len(receiver) > _LONGEST or receiver == "null":
        return None
    return f"`{receiver}` is null; {advice}"


def _before_last(text: str, sign: str) -> str:
    places = list(_places(text, sign))
    return text[: places[-1]].rstrip() if places else ""


def _places(text: str, sign: str) -> Iterator[int]:
    """Where *sign* stands outside of brackets and strings."""
    depth, quote = 0, ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote and text[at - 1] != "\\" else quote
        elif char in _QUOTES:
            quote = char
        elif char in _CLOSES:
            depth -= 1
        else:
            if char == sign and depth == 0 and at > 0:
                yield at
            if char in _OPENS:
                depth += 1
