"""The subscribers of one room's presence, of this process: who has which snapshot.

They are in one of two cohorts, by the shape of their messages (docs/spec §W5.11). What
they may still show though it is gone stands here too: it depends on who has seen what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..effects import Cohort, ConnectionId, RoomName
from ..roster import Meta


class Ghost:
    """A meta that is gone, and that subscribers with an old snapshot may still show."""

    __slots__ = ("gone", "meta")

    def __init__(self, meta: Meta, gone: int) -> None:
        self.meta = meta
        self.gone = gone
        """The revision at which it went."""


class Subscribers:
    """Of one room; there are none where nobody has a snapshot."""

    __slots__ = (
        "_ghosts",
        "_named",
        "_plain",
        "balance",
        "balance_at",
        "diff_balance",
        "diff_balance_at",
        "labelled",
        "name",
        "owed",
        "silent",
        "synced",
    )

    def __init__(self, name: RoomName, balance: float) -> None:
        self.name = name
        self.synced: dict[ConnectionId, int] = {}
        """The revision of the last snapshot of each, oldest first."""
        self.labelled: set[ConnectionId] = set()
        """Those that subscribe to further rooms with presence (docs/spec §W5.11)."""
        self.silent = 0
        """The revision of the last change that was sent to nobody (§W5.3, §W5.5)."""
        self.balance = balance
        """Bytes of resyncs that may be sent; negative after a large one (docs/spec §W5.8)."""
        self.balance_at = 0.0
        self.diff_balance = 0.0
        """Bytes of diffs of changes that may be sent; negative after a large one (§W5.4)."""
        self.diff_balance_at = float("-inf")
        self.owed: dict[str, None] = {}
        """Users whose changes have not been told, as the budget is used up."""
        self._ghosts: dict[str, list[Ghost]] = {}
        """By key of the user."""
        self._plain = Cohort(None, name)
        """The subscribers that get the page's shape."""
        self._named = Cohort(name, name)
        """Those whose messages carry the room's name."""

    # Who they are

    def sync(self, connection_id: ConnectionId, revision: int) -> None:
        """Note that a subscriber has the snapshot of *revision*."""
        self.synced.pop(connection_id, None)
        self.synced[connection_id] = revision  # at the end

    def unsync(self, connection_id: ConnectionId) -> None:
        """Forget a subscriber."""
        del self.synced[connection_id]
        self.labelled.discard(connection_id)

    def label(self, connection_id: ConnectionId, wanted: bool) -> None:
        """Give or take the extra `"channel"` in messages to a subscriber."""
        if wanted:
            self.labelled.add(connection_id)
        else:
            self.labelled.discard(connection_id)

    def label_of(self, connection_id: ConnectionId) -> RoomName | None:
        """What messages to a subscriber carry."""
        return self.name if connection_id in self.labelled else None

    def cohort_of(self, connection_id: ConnectionId) -> Cohort:
        """The cohort that a subscriber is in."""
        return self._named if connection_id in self.labelled else self._plain

    def cohorts(self, but: ConnectionId | None) -> list[Cohort]:
        """Those that have a subscriber other than *but*."""
        named, plain = len(self.labelled), len(self.synced) - len(self.labelled)
        if but in self.labelled:
            named -= 1
        elif but in self.synced:
            plain -= 1
        return [self._plain] * (plain > 0) + [self._named] * (named > 0)

    def split(
        self, members: Iterable[ConnectionId]
    ) -> list[tuple[RoomName | None, tuple[ConnectionId, ...]]]:
        """*members* by the label of what they get."""
        labelled = self.labelled
        if not labelled:
            ids = tuple(members)
            return [(None, ids)] if ids else []
        plain: list[ConnectionId] = []
        named: list[ConnectionId] = []
        for member in members:
            (named if member in labelled else plain).append(member)
        groups = ((None, tuple(plain)), (self.name, tuple(named)))
        return [(label, ids) for label, ids in groups if ids]

    # What they know

    def oldest_snapshot(self) -> int | None:
        """The revision of the oldest snapshot that a subscriber has, None without subscribers."""
        return next(iter(self.synced.values()), None)

    def has_stale(self) -> bool:
        """Whether some subscriber's snapshot is older than the last silent change."""
        oldest = self.oldest_snapshot()
        return oldest is not None and oldest < self.silent

    def stale(self, skip: ConnectionId | None = None) -> Iterator[ConnectionId]:
        """The subscribers whose snapshot is out of date, oldest first."""
        for member, revision in self.synced.items():
            if revision >= self.silent:
                break  # `synced` is ordered by revision
            if member != skip:
                yield member

    def affordable(
        self, members: Iterable[ConnectionId], snapshot_bytes: Callable[[RoomName | None], int]
    ) -> Iterator[ConnectionId]:
        """As many of *members* as may get a snapshot now; the last may put us in debt."""
        balance = self.balance
        for member in members:
            if balance <= 0:
                break
            balance -= snapshot_bytes(self.label_of(member))
            yield member

    def refill(self, now: float, bytes_per_second: int) -> None:
        """Let time pass for the budget; one second's worth may be saved up."""
        gained = max(0.0, now - self.balance_at) * bytes_per_second
        self.balance = min(float(bytes_per_second), self.balance + gained)
        self.balance_at = now

    def refill_diffs(self, now: float, bytes_per_second: int) -> None:
        """The same for the budget of changes."""
        passed = min(max(0.0, now - self.diff_balance_at), 1e6)
        self.diff_balance = min(
            float(bytes_per_second), self.diff_balance + passed * bytes_per_second
        )
        self.diff_balance_at = now

    # Ghosts

    def haunt(self, key: str, meta: Meta, revision: int) -> None:
        """A meta of a user that stays is gone, and nobody is told."""
        self._ghosts.setdefault(key, []).append(Ghost(meta, revision))

    def held_ghosts(self, key: str) -> list[Ghost]:
        """The metas of a user that are gone and that some subscriber may still show."""
        ghosts = self._ghosts.get(key)
        if ghosts is None:
            return []
        oldest = self.oldest_snapshot()
        held = [ghost for ghost in ghosts if oldest is not None and oldest < ghost.gone]
        if held:
            self._ghosts[key] = held
        else:
            del self._ghosts[key]
        return held

    def drop_oldest_ghost(self, key: str) -> None:
        """Remember one less; a resync takes it away from clients."""
        del self._ghosts[key][0]

    def lay_ghosts(self, key: str) -> None:
        """A user left, and everybody was told of all its metas."""
        self._ghosts.pop(key, None)
