"""Whom presence tells: the connections of this process that have a snapshot of a channel."""
