"""What every message reads of its connection, side by side.

Of a thousand connections that speak in turn, none is in the processor's caches when its message
comes, and each line of the cache that is touched has to be fetched. Python lays slots out class by
class, those of the first base first.
"""

from typing import Any

__all__ = ["Hot"]


class Hot:
    """The first slots of a connection; `Channel` and `Connection` say what they mean."""

    __slots__ = ("_direct", "_endpoint", "_listener", "_quick", "_rate_time")

    _direct: Any
    _endpoint: Any
    _listener: Any
    _quick: int
    _rate_time: float
