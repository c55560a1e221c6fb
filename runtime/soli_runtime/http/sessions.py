"""Sessions of HTTP visitors, by cookie (docs/spec §L21.4). Kept in memory, with a port for more.

An id that this server did not issue is replaced, never adopted. A WebSocket handler sees the
session that the cookie of its upgrade request names.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from soli_stdlib.json.text import json_codec
from soli_stdlib.stores import remote

from soli_lang.base.errors import SoliError, SoliValueError
from soli_lang.base.records import Record
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Hash, String, function
from soli_lang.values.values import Value

from .cookies import CookieOptions, set_cookie_header
from .current import CONNECTION, REQUEST

COOKIE = "session_id"
IDLE_SECONDS = 86400
MAX_SESSIONS = 100_000
MAX_ENDED_AT_ONCE = 500
"""Old sessions that are ended in one turn, each with its connections."""
IN_MEMORY = "in_memory"
ID_CHARACTERS = 36


class SessionStore(Protocol):
    """Where session data lives. Values have a JSON form; the store does not look into them.

    Keys are written one by one: two requests of one visitor that write different keys at the same
    time both succeed. Every call but `delete` counts as use, which puts off the end of a session.
    """

    def load(self, session_id: str) -> dict[str, Any] | None:
        """The data of a session, None when there is none (any more)."""
        ...

    def create(self, session_id: str, data: dict[str, Any], address: str = "") -> None:
        """Begin a session, for a client at *address* where a store tells them apart."""
        ...

    def put(self, session_id: str, key: str, value: Any) -> bool:
        """Write one key; False (and nothing is written) when there is no such session."""
        ...

    def drop(self, session_id: str, key: str) -> None:
        """Remove one key, if it is there."""
        ...

    def move(self, session_id: str, new_id: str) -> bool:
        """Give a session another id in one step; False when there is none."""
        ...

    def delete(self, session_id: str) -> None:
        """End a session."""
        ...


class _StoredSession(Record):
    """A session in memory."""

    expires: float
    address: str
    data: dict[str, Any]


class MemoryStore:
    """Sessions of one process.

    When there are too many, the least recently used one goes, of the address that began the most
    of them: a client that makes sessions without number loses its own. *on_end* is called with
    the id of each that goes, by age or for want of room.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        idle_seconds: float = IDLE_SECONDS,
        max_sessions: int = MAX_SESSIONS,
        on_end: Callable[[str], None] = lambda session_id: None,
    ) -> None:
        from ..gate.eviction import EvictionOrder  # here: only servers keep sessions

        self._clock = clock
        self._idle_seconds = idle_seconds
        self._max_sessions = max_sessions
        self._on_end = on_end
        self._sessions: OrderedDict[str, _StoredSession] = OrderedDict()
        """By id, the least recently used first."""
        self._owners = EvictionOrder()

    def load(self, session_id: str) -> dict[str, Any] | None:
        session = self._sessions.get(session_id)
        if session is None:
            return None
        now = self._clock()
        if session.expires < now:
            self._end(session_id)
            return None
        session.expires = now + self._idle_seconds
        self._sessions.move_to_end(session_id)
        self._owners.add(session.address, session_id)
        return session.data

    def create(self, session_id: str, data: dict[str, Any], address: str = "") -> None:
        """Begin a session, for a client at *address*."""
        self._use(session_id, _StoredSession(0.0, address, data))
        self.drop_old()

    def put(self, session_id: str, key: str, value: Any) -> bool:
        data = self.load(session_id)
        if data is None:
            return False
        data[key] = value
        return True

    def drop(self, session_id: str, key: str) -> None:
        data = self.load(session_id)
        if data is not None:
            data.pop(key, None)

    def move(self, session_id: str, new_id: str) -> bool:
        if self.load(session_id) is None:
            return False
        session = self._sessions[session_id]
        self.delete(session_id)
        self._use(new_id, session)
        return True

    def delete(self, session_id: str) -> None:
        session = self._sessions.pop(session_id, None)
        if session is not None:
            self._owners.remove(session.address, session_id)

    def drop_old(self) -> float:
        """End what is too old or too much, some at a time. Seconds until there may be more."""
        now = self._clock()
        for _ in range(MAX_ENDED_AT_ONCE):
            if not self._sessions:
                return self._idle_seconds
            session_id, oldest = next(iter(self._sessions.items()))
            if oldest.expires < now:
                self._end(session_id)
            elif len(self._sessions) > self._max_sessions:
                self._end(self._owners.oldest_of_most())
            else:
                return oldest.expires - now
        return 0.0

    def _use(self, session_id: str, session: _StoredSession) -> None:
        session.expires = self._clock() + self._idle_seconds
        self._sessions[session_id] = session
        self._sessions.move_to_end(session_id)
        self._owners.add(session.address, session_id)

    def _end(self, session_id: str) -> None:
        self.delete(session_id)
        self._on_end(session_id)


class Session:
    """One visitor's session: read when first asked for, made when first written to.

    Its id changes when *login_key* is first set or changes: who knew the id before a login must
    not have the login. *tells* is false where no answer can give the client a new id. *on_end* is
    called with each id that is no more; *address* is that of the client.
    """

    __slots__ = (
        "_address",
        "_asked",
        "_data",
        "_login_key",
        "_on_end",
        "_store",
        "_tells",
        "id",
        "is_new",
        "was_destroyed",
    )

    def __init__(
        self,
        store: SessionStore,
        cookie: str | None,
        *,
        login_key: str = "",
        tells: bool = True,
        on_end: Callable[[str], None] = lambda session_id: None,
        address: str = "",
    ) -> None:
        self._store = store
        self._asked = cookie
        self._login_key = login_key
        self._tells = tells
        self._on_end = on_end
        self._address = address
        self._data: dict[str, Any] | None = None
        self.id: str | None = None
        self.is_new = False
        """True when the client has to be told the id."""
        self.was_destroyed = False

    def _load(self) -> dict[str, Any] | None:
        if self._asked is not None:
            asked, self._asked = self._asked, None
            # What cannot be an id of ours is not worth a question, nor a key of any length.
            self._data = self._store.load(asked) if _may_be_ours(asked) else None
            if self._data is not None:
                self.id = asked
        elif self.id is not None:
            # Another connection of the visitor may have changed it meanwhile.
            self._data = self._store.load(self.id)
        return self._data

    def _known_id(self) -> str | None:
        """The id, once it is known that we issued it; the data may have gone meanwhile."""
        if self._asked is not None:
            self._load()
        return self.id

    def get(self, key: str) -> Value:
        data = self._load()
        return None if data is None else data.get(key)

    def has(self, key: str) -> bool:
        data = self._load()
        return data is not None and key in data

    def set(self, key: str, value: Value) -> None:
        if key == self._login_key and self.get(key) != value:
            self._log_in(key, value)
            return
        # What cannot be an id of ours is not worth a question; an id that we know is written to
        # without a look at what it has.
        asked, self._asked = self._asked, None
        known = self.id if asked is None else asked if _may_be_ours(asked) else None
        if known is None or not self._store.put(known, key, value):
            self._start({key: value})
        else:
            self.id = known

    def _log_in(self, key: str, value: Value) -> None:
        if not self._tells:
            raise SoliError(
                f'session_set("{key}") begins a login, which changes the id of the session: '
                "only an HTTP action can tell the client"
            )
        if self._known_id() is None:
            self._start({key: value})
            return
        # First the new id, then the login: at no time has the old one both.
        if not self._store.put(self.regenerate(), key, value):
            self._start({key: value})

    def delete(self, key: str) -> Value:
        data = self._load()
        if data is None or self.id is None:
            return None
        value = data.get(key)
        self._store.drop(self.id, key)
        return value

    def all(self) -> dict[str, Value]:
        return dict(self._load() or {})

    def regenerate(self) -> str:
        """A new id for the same data (after a login)."""
        before, new_id = self._known_id(), _new_id()
        if before is None or not self._store.move(before, new_id):
            return self._start({})
        self._became(new_id)
        self._on_end(before)
        return new_id

    def current_id(self) -> str | None:
        self._load()
        return self.id

    def destroy(self) -> None:
        if self._known_id() is not None:
            assert self.id is not None
            self._store.delete(self.id)
            self._on_end(self.id)
            self.was_destroyed = True
        self.id = self._data = None
        self.is_new = False

    def _start(self, data: dict[str, Any]) -> str:
        new_id = _new_id()
        self._store.create(new_id, data, self._address)
        self._became(new_id)
        return new_id

    def _became(self, session_id: str) -> None:
        self.id = session_id
        self.is_new = True
        self.was_destroyed = False

    def cookie_header(self, *, secure: bool) -> str | None:
        """The `Set-Cookie` that the response needs, if any."""
        if self.was_destroyed:
            options = CookieOptions(http_only=True, same_site="Lax", max_age=0, secure=secure)
            return set_cookie_header(COOKIE, "", options)
        if not self.is_new or self.id is None:
            return None
        options = CookieOptions(
            http_only=True, same_site="Lax", max_age=IDLE_SECONDS, secure=secure
        )
        return set_cookie_header(COOKIE, self.id, options)


def _may_be_ours(session_id: str) -> bool:
    """Whether a cookie has the form of the ids that `_new_id` makes."""
    return len(session_id) == ID_CHARACTERS and session_id.isascii()


def _new_id() -> str:
    from uuid import uuid4

    return str(uuid4())


# --- builtins ----------------------------------------------------------------------------------

_KEY = String("string key")
_TOKEN_KEY = "csrf_token"


def _session(machine: Machine) -> Session | None:
    local = machine.local
    request = local.get(REQUEST)
    if request is not None:
        return request.session
    connection = local.get(CONNECTION)
    return connection.visitor.session if connection is not None else None


@function("session_get", _KEY)
def session_get(machine: Machine, key: str) -> Value:
    """A value of the visitor's session, or null."""
    session = _session(machine)
    return session.get(key) if session is not None else None


@function("session_has", _KEY)
def session_has(machine: Machine, key: str) -> bool:
    """Whether the session has that key."""
    session = _session(machine)
    return session is not None and session.has(key)


@function("session_set", _KEY, Any_)
def session_set(machine: Machine, key: str, value: Value) -> None:
    """Keep a value (anything that has a JSON form) in the visitor's session."""
    session = _session(machine)
    if session is None:
        raise SoliError("session_set() works only while a request or an event is handled")
    codec = json_codec(machine)
    session.set(key, codec.decode(codec.encode(value)))


@function("session_delete", _KEY)
def session_delete(machine: Machine, key: str) -> Value:
    """Remove a value from the session and return it."""
    session = _session(machine)
    return session.delete(key) if session is not None else None


@function("session_id")
def session_id(machine: Machine) -> Value:
    """The id of the session, or null when there is none."""
    session = _session(machine)
    return session.current_id() if session is not None else None


@function("session_regenerate")
def session_regenerate(machine: Machine) -> Value:
    """Give the session a new id and keep its data. Call it after a login."""
    session = _session(machine)
    return session.regenerate() if session is not None else None


@function("session_destroy")
def session_destroy(machine: Machine) -> None:
    """Forget the session."""
    session = _session(machine)
    if session is not None:
        session.destroy()


@function("csrf_token")
def csrf_token(machine: Machine) -> str:
    """A token of the visitor's session for forms: a page of another site cannot know it."""
    session = _session(machine)
    if session is None:
        raise SoliError("csrf_token() works only while a request or an event is handled")
    known = session.get(_TOKEN_KEY)
    if isinstance(known, str):
        return known
    import secrets  # here, and below: most programs need none of it

    made = secrets.token_urlsafe(32)
    session.set(_TOKEN_KEY, made)
    return made


@function("csrf_valid?", Any_.optional())
def csrf_is_valid(machine: Machine, token: Value) -> bool:
    """Whether *token* is that of the session. Without one: the request's field or header.

    The field of a form is `csrf_token`, the header `X-CSRF-Token`.
    """
    session = _session(machine)
    request = machine.local.get(REQUEST)
    if token is None and request is not None:
        token = request.request["headers"].get("x-csrf-token")
        if token is None:
            token = request.request_with(("all",), machine)["all"].get(_TOKEN_KEY)
    known = session.get(_TOKEN_KEY) if session is not None else None
    if not isinstance(token, str) or not isinstance(known, str):
        return False
    from hmac import compare_digest

    return compare_digest(token.encode(), known.encode())


@function("session_driver")
def session_driver(machine: Machine) -> str:
    """Where sessions are kept: `in_memory`, `sqlite` or `redis` (the host's setting `store`)."""
    stores = remote.of(machine)
    return stores.kind if stores is not None else IN_MEMORY


@function("session_config")
def session_config(machine: Machine) -> dict[str, Value]:
    """How sessions are kept."""
    return {"driver": session_driver(machine), "ttl": IDLE_SECONDS, "cookie": COOKIE}


@function("session_configure", Hash)
def session_configure(machine: Machine, options: dict[Any, Value]) -> None:
    """Accepted when it names the driver that is there: `--store` chooses it."""
    driver = options.get("driver", IN_MEMORY)
    if driver not in (session_driver(machine), IN_MEMORY, "memory"):
        raise SoliValueError(f"Unknown session driver: {driver}")
