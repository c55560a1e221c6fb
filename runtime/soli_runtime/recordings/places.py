"""Where `soli run --dev` keeps what it knows of an app, beside it."""

from __future__ import annotations

FOLDER = ".soli"
RECENT = "recent.jsonl"
"""The last events."""
VERDICT = "saved.json"
"""What the last save changes of them, for the language server."""
