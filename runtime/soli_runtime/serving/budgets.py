"""Settings as the limits of single sockets and of single calls."""

from __future__ import annotations

from soli_lang.base.limits import Limits

from ..settings import Settings
from ..ws.limits import SocketLimits


def socket_limits(settings: Settings) -> SocketLimits:
    """The settings that concern single sockets."""
    return SocketLimits(
        max_message_bytes=settings.max_message_bytes,
        message_rate=settings.message_rate,
        message_burst=settings.effective_message_burst,
        byte_rate=settings.byte_rate,
        message_seconds=settings.message_timeout,
        max_unfinished_bytes=settings.constants.max_partial_message_bytes,
        max_outbox_bytes=settings.max_outbox_bytes,
        ping_seconds=settings.ping_seconds,
        compression=settings.compression,
        heavy_share=settings.slow_handler_cpu_percent / 100,
        refuse_binary=settings.binary == "refuse",
    )


def handler_limits(settings: Settings) -> Limits:
    """What one call of a handler may use."""
    return Limits(
        max_steps=settings.handler_steps,
        max_seconds=settings.handler_cpu_seconds,
        max_value_bytes=settings.constants.max_value_bytes,
        max_call_bytes=settings.handler_alloc_bytes,
    )
