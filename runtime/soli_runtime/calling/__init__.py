"""Entering a program from the event loop, and setting it aside while it waits."""
