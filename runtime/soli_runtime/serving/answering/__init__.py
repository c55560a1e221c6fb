"""HTTP beside WebSockets: what answers requests that are no upgrades (docs/spec §W8)."""

from .actions import HttpActions

__all__ = ["HttpActions"]
