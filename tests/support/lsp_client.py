"""An editor: starts `soli lsp` and speaks the protocol with it, byte by byte."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

SOLI = [sys.executable, "-m", "soli_runtime.cli", "lsp"]
WAIT_SECONDS = 40


class Editor:
    """One client of one server. `with Editor(root) as editor:`"""

    def __init__(
        self, root: Path, command: list[str] = SOLI, capabilities: dict[str, Any] | None = None
    ) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._received: queue.Queue[dict[str, Any]] = queue.Queue()
        self._capabilities = capabilities or {}
        self._shown: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: dict[str, list[list[Any]]] = {}
        self._id = 0
        self._version = 0
        self._root = root
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Editor:
        answer = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": self._root.as_uri(),
                "capabilities": self._capabilities,
            },
        )
        self.capabilities = answer["capabilities"]
        self.notify("initialized", {})
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_alive:
            self.request("shutdown", None)
            self.notify("exit", None)
        self.status = self._process.wait(WAIT_SECONDS)
        assert self._process.stderr is not None
        self.errors = self._process.stderr.read().decode()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    # --- messages --------------------------------------------------------------------------------

    def send_bytes(self, data: bytes) -> None:
        """Write what need not be right."""
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        """The whole answer, with `result` or `error`."""
        self._id += 1
        self._send({"id": self._id, "method": method, "params": params})
        while True:
            message = self._received.get(timeout=WAIT_SECONDS)
            if message.get("id") == self._id and "method" not in message:
                return message

    def request(self, method: str, params: Any) -> Any:
        answer = self.ask(method, params)
        assert "error" not in answer, answer
        return answer["result"]

    def _read(self) -> None:
        out = self._process.stdout
        assert out is not None
        while True:
            length = 0
            try:
                while (line := out.readline().strip()) != b"":
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                if not length:
                    return
                message = json.loads(out.read(length))
            except ValueError:
                return  # closed
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                self._diagnostics.setdefault(params["uri"], []).append(params["diagnostics"])
            if message.get("method") == "window/showMessage":
                self._shown.put(message["params"])
            self._received.put(message)

    # --- what an editor does ---------------------------------------------------------------------

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a file, with what is in it or what is not saved yet. Its URI."""
        text = path.read_text("utf-8") if text is None else text
        item = {"uri": path.as_uri(), "languageId": "soli", "version": 0, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return path.as_uri()

    def change(self, uri: str, text: str) -> None:
        self._version += 1
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": self._version},
                "contentChanges": [{"text": text}],
            },
        )

    def edit(self, uri: str, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        """Change a piece of a document: lines and columns from 0, in UTF-16 units."""
        self._version += 1
        places = [{"line": line, "character": column} for line, column in (start, end)]
        change = {"range": dict(zip(("start", "end"), places, strict=True)), "text": text}
        self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": self._version}, "contentChanges": [change]},
        )

    def of(self, method: str, uri: str, **more: Any) -> Any:
        """The answer to a question about a whole document."""
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, **more})

    def at(self, method: str, uri: str, line: int, character: int, **more: Any) -> Any:
        """The answer to a question about a place; line and character from 0."""
        position = {"line": line, "character": character}
        params = {"textDocument": {"uri": uri}, "position": position, **more}
        return self.request(f"textDocument/{method}", params)

    def diagnostics(self, uri: str, after: int = 0) -> list[Any]:
        """The diagnostics once there are more than *after* publications."""
        while len(self._diagnostics.get(uri, [])) <= after:
            self._received.get(timeout=WAIT_SECONDS)
        return self._diagnostics[uri][-1]

    def shown(self) -> dict[str, Any]:
        """The next message that the server wants to be shown."""
        return self._shown.get(timeout=WAIT_SECONDS)

    def published(self, uri: str) -> int:
        """How often diagnostics came."""
        return len(self._diagnostics.get(uri, []))

    def cpu_seconds(self) -> float:
        """Computing time of the server so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
