"""Files that the runtime itself serves, below `/_soli/`: the JavaScript client and its types."""

from __future__ import annotations

from pathlib import Path

from .static_files import StaticFile, StaticFolder

PREFIX = "/_soli/"
_NAMES = ("soli.js", "soli.d.ts")


def _folder() -> Path:
    """Inside the installed package, else the checkout's `clients/js`."""
    package = Path(__file__).resolve().parents[2]
    packaged = package / "clients_js"
    return packaged if packaged.is_dir() else package.parents[1] / "clients" / "js"


class OwnFiles:
    """What is served to every app's pages (docs/javascript.md)."""

    def __init__(self) -> None:
        self._folder = StaticFolder(_folder())

    def find(self, url_path: str) -> StaticFile | None:
        """The file for a percent-decoded URL path; None: none of ours."""
        name = url_path.removeprefix(PREFIX)
        if not url_path.startswith(PREFIX) or name not in _NAMES:
            return None
        return self._folder.find(name)
