"""The socket layer: WebSocket connections, rooms to fan out to, and nothing of what they mean."""

from .connection import Connection
from .counters import CloseCause, Counters
from .endpoint import Endpoint
from .limits import SocketLimits
from .listener import Listener
from .protocol.frames import CloseCode
from .protocol.handshake import choose_protocol
from .protocol.outgoing import Outgoing
from .rooms.fanout import Fanout
from .selftest import CannotTakeOver, check_takeover
from .upgrade import upgrade

__all__ = [
    "CannotTakeOver",
    "CloseCause",
    "CloseCode",
    "Connection",
    "Counters",
    "Endpoint",
    "Fanout",
    "Listener",
    "Outgoing",
    "SocketLimits",
    "check_takeover",
    "choose_protocol",
    "upgrade",
]
