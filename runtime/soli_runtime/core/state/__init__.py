"""Rooms that hold state: what it is, how it changes, where it is kept, what members hear of it."""
