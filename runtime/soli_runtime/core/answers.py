"""Answers to questions about all processes, which may have to be asked."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Answer: TypeAlias = T | Awaitable[T]
"""What a question gives: at once, or when others have been asked."""


def at_once(answer: Answer[T]) -> T:
    """*answer*, which has to be there already. Raises TypeError if it must be awaited."""
    if isinstance(answer, Awaitable):
        raise TypeError("this question is answered by other processes: await it")
    return answer
