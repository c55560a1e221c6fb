"""Servers that are no Redis, or none that we can use, at a free port of loopback."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator

Answer = Callable[[list[str]], bytes]


def bulk(text: str) -> bytes:
    """A text as Redis answers it."""
    return b"$%d\r\n%s\r\n" % (len(text), text.encode())


@contextlib.contextmanager
def answering(answer: Answer) -> Iterator[int]:
    """The port of a server that gives each command to *answer*, for the length of a block."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while (head := self.rfile.readline()).startswith(b"*"):
                self.wfile.write(answer([self._word() for _ in range(int(head[1:]))]))

        def _word(self) -> str:
            size = int(self.rfile.readline()[1:])
            return self.rfile.read(size + 2)[:-2].decode()

    with _serving(Handler) as port:
        yield port


@contextlib.contextmanager
def saying(data: bytes) -> Iterator[int]:
    """The port of a server that says *data* and nothing more, and does not hang up."""
    over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(data)
            over.wait(60)

    try:
        with _serving(Handler) as port:
            yield port
            over.set()
    finally:
        over.set()


@contextlib.contextmanager
def _serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hung up is no fault."""

    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(10)
