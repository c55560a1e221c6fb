"""One SQLite file and the thread in which all that is done with it is done.

A statement may have to wait for the disk or for another process, so none runs on the event loop.
One thread keeps the order in which the program asked, and needs one connection.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from soli_lang.base.errors import SoliValueError

from ..errors import UNAVAILABLE, UNFIT, CannotOpen, StoreError
from .schema import migrate

BUSY_SECONDS = 5.0
"""How long a statement waits for another process that writes."""
MAX_WAITING = 10_000
"""Transactions that wait for their turn; past it a program is told that the store is busy."""
TIDY_SECONDS = 60.0
"""Between two removals of what has expired; they ride on ordinary writes."""
TIDY_ROWS = 1000
"""Rows of one kind that one such removal takes."""

_OTHERS = 0o007
"""The bits of a file's mode that are for everybody."""

Found = TypeVar("Found")
Given = ParamSpec("Given")
Work = Callable[Concatenate[sqlite3.Connection, float, Given], Found]
"""What is done in one transaction: gets the connection and the time in Unix seconds."""


class Database:
    """A file of tables. `open` first; `do` runs one transaction."""

    def __init__(self, path: str, max_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "soli-store")
        self._db: sqlite3.Connection | None = None
        self._is_closed = False
        self._waiting = 0
        self._tidied = 0.0
        self.tidying: list[Callable[[sqlite3.Connection, float], Any]] = []
        """What removes the expired rows, `TIDY_ROWS` at most each."""

    async def open(self) -> None:
        """Open or make the file and bring its tables up to date. Raises CannotOpen."""
        await self._in_thread(self._open)

    async def close(self) -> None:
        """Finish what waits, and close the file."""
        self._is_closed = True
        await self._in_thread(self._close)
        self._thread.shutdown()

    async def do(
        self, work: Work[Given, Found], *args: Given.args, **kwargs: Given.kwargs
    ) -> Found:
        """The result of *work*, done in a transaction of its own. Raises StoreError."""
        if self._waiting >= MAX_WAITING:
            raise StoreError(f"the store is busy: {MAX_WAITING} calls wait for {self.path}")
        self._waiting += 1
        try:
            return await self._in_thread(self._transaction, work, args, kwargs)
        finally:
            self._waiting -= 1

    async def do_durably(
        self, work: Work[Given, Found], *args: Given.args, **kwargs: Given.kwargs
    ) -> Found:
        """The same, and it is on the disk when this returns: a failing machine does not undo it."""
        return await self._in_thread(self._durable_transaction, work, args, kwargs)

    async def _in_thread(self, code: Callable[..., Found], *arguments: Any) -> Found:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, code, *arguments)

    # --- in the thread -------------------------------------------------------------------------

    def _open(self) -> None:
        if self._db is not None:
            return
        try:
            self._db = self._connect()
        except sqlite3.Error as error:
            raise self._refusal(error) from None

    def _open_late(self) -> None:
        """A program that is only being loaded may use the store already."""
        if self._is_closed:
            raise StoreError(f"the store is closed: {self.path}")
        try:
            self._open()
        except CannotOpen as error:
            raise StoreError(str(error)) from None

    def _connect(self) -> sqlite3.Connection:
        if not Path(self.path).parent.is_dir():
            raise CannotOpen(f"{self.path}: there is no such folder", UNFIT)
        _keep_private(self.path)
        db = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            # First, as it fails without a trace when the file is no database, or not to be
            # written: a store that can only be read is none.
            (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise CannotOpen(f"{self.path}: this file system has no write-ahead log", UNFIT)
            db.execute("PRAGMA synchronous = NORMAL")
            if self._max_bytes:
                (page,) = db.execute("PRAGMA page_size").fetchone()
                db.execute(f"PRAGMA max_page_count = {max(1, self._max_bytes // page)}")
            migrate(db, self.path)
        except BaseException:
            db.close()
            raise
        return db

    def _refusal(self, error: sqlite3.Error) -> CannotOpen:
        text = str(error)
        if "not a database" in text:
            return CannotOpen(f"{self.path}: not a SQLite database", UNFIT)
        if "readonly" in text or "unable to open" in text:
            return CannotOpen(f"{self.path}: cannot be written: {text}", UNFIT)
        if "full" in text:
            return CannotOpen(self._full(), UNAVAILABLE)
        return CannotOpen(f"{self.path}: {text}", UNAVAILABLE)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _transaction(self, work: Callable[..., Found], args: Any, kwargs: Any) -> Found:
        if self._db is None:
            self._open_late()
        db = self._db
        assert db is not None
        now = self._clock()
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                found = work(db, now, *args, **kwargs)
                self._tidy(db, now)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreError(self._trouble(error)) from None
        except UnicodeEncodeError:
            raise SoliValueError("the store takes only text that has a UTF-8 form") from None
        return found

    def _durable_transaction(self, work: Callable[..., Found], args: Any, kwargs: Any) -> Found:
        if self._db is None:
            self._open_late()
        assert self._db is not None
        self._db.execute("PRAGMA synchronous = FULL")
        try:
            return self._transaction(work, args, kwargs)
        finally:
            self._db.execute("PRAGMA synchronous = NORMAL")

    def _tidy(self, db: sqlite3.Connection, now: float) -> None:
        if abs(now - self._tidied) >= TIDY_SECONDS:
            self._tidied = now
            for remove in self.tidying:
                remove(db, now)

    def _trouble(self, error: sqlite3.Error) -> str:
        text = str(error)
        if "full" in text:
            return self._full()
        if "locked" in text or "busy" in text:
            return f"the store is busy: another process writes to {self.path}"
        return f"the store failed: {self.path}: {text}"

    def _full(self) -> str:
        bound = f"sqlite-max-bytes is {self._max_bytes}" if self._max_bytes else "no limit is set"
        return f"the store is full: {self.path} (disk, or limit: {bound})"


def _keep_private(path: str) -> None:
    """Let nobody else read a file with the sessions of all users.

    SQLite gives the files beside it the mode of the file. One that its owner opened to a group,
    for copies, say, stays so; one that everybody may read was made so by no one's choice.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o600))
        for name in (path, f"{path}-wal", f"{path}-shm"):
            if os.path.exists(name) and os.stat(name).st_mode & _OTHERS:
                os.chmod(name, 0o600)
    except OSError:
        return  # whether it can be opened at all SQLite says, and it is another user's to change
