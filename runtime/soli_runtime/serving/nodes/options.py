"""What a message of the log is beside an ordinary one, at the end of its head.

Who does not know of it delivers the message as any other: the connection that is left out is one
of the node that writes, so others need not know of it to be right.
"""

from __future__ import annotations

from ...core.effects import SendOptions
from .outbox import Head

_VOLATILE = ":"
"""Stands before the key of a volatile message, which may be empty."""


def with_options(head: Head, options: SendOptions) -> Head:
    """*head* with *options*: three texts."""
    key = "" if options.key is None else _VOLATILE + options.key
    return [*head, options.but or "", options.sender, key]


def options_in(head: Head, start: int) -> SendOptions | None:
    """Those that stand in *head* from *start* on; None for an ordinary message."""
    if len(head) < start + 3:
        return None
    but, sender, key = head[start : start + 3]
    return SendOptions(but or None, key[1:] if key else None, sender)


def is_volatile(head: Head) -> bool:
    """Whether this message to a room may be left out, and so is not kept."""
    options = options_in(head, 2)
    return options is not None and options.key is not None
