"""What the layer above has to offer to hear from connections."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["NOBODY", "Listener"]


class Listener(Protocol):
    """What a connection tells the layer above. Methods must not block.

    None of them is ever called from within a call that the listener made on a connection.
    An exception from `on_open` or `on_message` closes the connection with 1011.

    A listener may also have `on_cut(connection)`: the line broke while the listener holds back
    messages that came before. They are delivered when it reads on, then `on_closed` is called.
    """

    def on_open(self, connection: "Connection") -> None:
        """The connection is open. Called once, before any message, even a pipelined one."""

    def on_message(self, connection: "Connection", payload: str | bytes) -> None:
        """A message came: str if it was text, bytes if it was binary."""

    def on_closed(self, connection: "Connection", code: int, reason: str) -> None:
        """The connection is closed; called once, last. 1006: the line just broke."""


class _Nobody:
    """Listens in place of a listener that has nothing to hear any more."""

    __slots__ = ()

    def on_open(self, connection: "Connection") -> None:
        pass

    def on_message(self, connection: "Connection", payload: str | bytes) -> None:
        pass

    def on_closed(self, connection: "Connection", code: int, reason: str) -> None:
        pass


NOBODY: Listener = _Nobody()
