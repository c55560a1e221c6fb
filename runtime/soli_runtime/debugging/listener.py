"""Where clients of the debugger come in: a loopback port, and a token that they have to know."""

from __future__ import annotations

import contextlib
import hmac
import secrets
import socket
import threading
import time
from typing import BinaryIO, cast

from .framing import BrokenFraming, Message, Writer, read_message
from .program import DebuggedProgram
from .session import CAPABILITIES, Session

HOST = "127.0.0.1"
WRONG_TOKEN_SECONDS = 0.5
"""After a wrong token; one more cannot be tried meanwhile on that connection."""
MOST_STRANGERS = 8
"""Connections at a time that have not said the token."""
STRANGER_SECONDS = 10.0
"""In which they have to."""


class Listener:
    """Accepts clients of one program, in threads of its own."""

    def __init__(self, program: DebuggedProgram, port: int = 0) -> None:
        """Raises OSError where the port cannot be had."""
        self.token = secrets.token_urlsafe(32)
        self._program = program
        self._socket = socket.create_server((HOST, port), backlog=4)
        self.port: int = self._socket.getsockname()[1]
        self._strangers = threading.Semaphore(MOST_STRANGERS)

    def start(self) -> None:
        """Accept from now on."""
        threading.Thread(target=self._accept, name="soli-debugger", daemon=True).start()

    def stop(self) -> None:
        """Accept no more."""
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            if not self._strangers.acquire(blocking=False):
                client.close()
                continue
            client.settimeout(STRANGER_SECONDS)
            threading.Thread(target=self._meet, args=(client,), daemon=True).start()

    def _meet(self, client: socket.socket) -> None:
        """Talk with a client, who has to know the token."""
        try:
            with client:
                talk = Talk(self._program, client)
                try:
                    is_trusted = talk.is_trusted(self.token)
                finally:
                    self._strangers.release()
                if is_trusted:
                    client.settimeout(None)
                    talk.serve()
                client.shutdown(socket.SHUT_RDWR)
                talk.close()
        except OSError:
            return  # it is gone, or said nothing for too long


class Talk:
    """One client on its line."""

    def __init__(self, program: DebuggedProgram, client: socket.socket) -> None:
        self._program = program
        self._reader = cast(BinaryIO, client.makefile("rb"))
        self._file = cast(BinaryIO, client.makefile("wb"))
        self._writer = Writer(self._file)
        self._session = Session(program, self._writer)

    def is_trusted(self, token: str) -> bool:
        """Listen until the client has attached with the right token; else False."""
        while (request := self._next()) is not None:
            command, arguments = request.get("command"), request.get("arguments")
            given = arguments if isinstance(arguments, dict) else {}
            if command == "initialize":
                self._session.configure(given)
                self._writer.answer(request, CAPABILITIES)
            elif command == "attach":
                return self._may_attach(request, given, token)
            elif command == "disconnect":
                self._writer.answer(request)
                return False
            else:
                self._writer.refuse(request, "attach first, with the token of the debugger")
        return False

    def _may_attach(self, request: Message, given: Message, token: str) -> bool:
        said = given.get("token")
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), token.encode()):
            time.sleep(WRONG_TOKEN_SECONDS)
            self._writer.refuse(request, "wrong token: it is in .soli/debugger.json of the app")
            return False
        if not self._program.belong_to(self._session):
            self._writer.refuse(request, "another debugger is attached to this program")
            return False
        self._session.handle(request)
        self._writer.event("initialized")
        return True

    def serve(self) -> None:
        """Do what the client asks for, until it goes."""
        try:
            while (request := self._next()) is not None:
                self._session.handle(request)
        finally:
            self._program.let_go()

    def close(self) -> None:
        """Let go of the line."""
        for stream in (self._reader, self._file):
            with contextlib.suppress(OSError):
                stream.close()

    def greet(self, token: str) -> None:
        """Say to who started this process which program it is."""
        self._program.belong_to(self._session)
        self._writer.event("soli/here", token=token)

    def _next(self) -> Message | None:
        try:
            while (message := read_message(self._reader)) is not None:
                if message["type"] == "request":
                    return message
        except BrokenFraming as broken:
            self._writer.event("output", category="important", output=f"{broken}\n")
        except OSError:
            return None
        return None
