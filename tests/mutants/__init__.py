"""Deliberate faults in every room, which the suite must find."""
