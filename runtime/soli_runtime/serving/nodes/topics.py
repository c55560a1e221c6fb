"""Topics of server-sent events over several processes: who has how many subscribers."""

from __future__ import annotations

from collections.abc import Collection, Iterable


class TopicCounts:
    """The subscribers of all nodes, as each told of its own."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, int]] = {}
        """By node, then by topic."""

    def take(self, node: str, topic: str, count: int) -> None:
        """*node* has so many subscribers of a topic now."""
        topics = self._of.setdefault(node, {})
        if count:
            topics[topic] = count
        else:
            topics.pop(topic, None)

    def take_all(self, node: str, counts: Iterable[tuple[str, int]]) -> None:
        """All topics of *node*, which is known by no earlier name any more."""
        process = node.rpartition(".")[0]
        for known in tuple(self._of):
            if known == node or (process and known.rpartition(".")[0] == process):
                del self._of[known]
        self._of[node] = dict(counts)

    def end(self, node: str) -> None:
        """A node is dead."""
        self._of.pop(node, None)

    def count(self, topic: str, but: Collection[str]) -> int:
        """Subscribers of a topic in all nodes except those named *but*."""
        return sum(topics.get(topic, 0) for node, topics in self._of.items() if node not in but)
