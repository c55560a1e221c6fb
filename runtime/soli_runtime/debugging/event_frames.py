"""The begin of a recorded event, as a place where a recording stands."""

from __future__ import annotations

from typing import Any

from soli_lang.base.source import NOWHERE, Source
from soli_lang.tools.debugging.frames import Frame


class EventFrame(Frame):
    """No function runs yet; there is only the event."""

    def __init__(self, recording: str, title: str, entry: dict[str, Any]) -> None:
        super().__init__(None, Source(recording, ""), NOWHERE, {})
        self.title = title
        self.entry = entry
