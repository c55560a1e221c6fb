"""Names of uploaded files: what a client wrote there leads nowhere."""

from __future__ import annotations

import re

UNNAMED = "unnamed"
"""What a file is called whose name has nothing left."""
MAX_NAME_CHARACTERS = 255


def plain_name(text: str) -> str:
    """The name of an uploaded file without any path (RFC 7578, section 4.2).

    `../../app/x.soli` is `x.soli`; both slashes, drives and control characters go.
    """
    last = re.split(r"[/\\:]", text)[-1]
    name = "".join(letter for letter in last if letter.isprintable()).strip()
    name = name[-MAX_NAME_CHARACTERS:]
    return name if name.strip(".") else UNNAMED
