"""An app that answers HTTP in this process, without a socket: through `soli_runtime.asgi`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soli_runtime import AsgiApp, asgi


@dataclass(frozen=True)
class Answer:
    """What a client would get."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key == name), None)

    def all_of(self, name: str) -> list[str]:
        """Every header of that name."""
        return [value for key, value in self.headers if key == name]


class Visitor:
    """Sends requests to an app."""

    def __init__(self, app: AsgiApp) -> None:
        self.app = app

    async def request(
        self,
        method: str,
        path: str,
        body: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
        chunks: Iterable[bytes] | None = None,
    ) -> Answer:
        """One request and its whole answer."""
        whole = body.encode() if isinstance(body, str) else body
        waiting = list(chunks) if chunks is not None else [whole]
        given = {"host": "soli.test", **(headers or {})}
        if whole:
            given["content-length"] = str(len(whole))
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 1234),
        }
        sent: list[Any] = []
        await self.app(scope, _receiver(waiting), _sender(sent))
        start = sent[0]
        pairs = [(name.decode(), value.decode()) for name, value in start["headers"]]
        return Answer(start["status"], pairs, b"".join(one.get("body", b"") for one in sent[1:]))

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.request("GET", path, headers=_named(headers))

    async def post(self, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        return await self.request("POST", path, body, _named(headers))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _receiver(chunks: list[bytes]) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        if not chunks:
            await asyncio.Event().wait()
        body = chunks.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(chunks)}

    return receive


def _sender(sent: list[Any]) -> Callable[[Any], Coroutine[Any, Any, None]]:
    async def send(message: Any) -> None:
        sent.append(message)

    return send


def visiting(
    path: Path, visit: Callable[[Visitor], Coroutine[Any, Any, Any]], **options: Any
) -> Any:
    """What *visit* gives, called with a visitor of the app at *path*, which runs meanwhile."""

    async def whole() -> Any:
        app = asgi(path, **options)
        await app.mounted.start()
        try:
            return await visit(Visitor(app))
        finally:
            await app.mounted.stop()

    return asyncio.run(whole())


def app_of(folder: Path, files: Mapping[str, str]) -> Path:
    """Write *files* (path -> text) below *folder*; *folder* is the app."""
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return folder
