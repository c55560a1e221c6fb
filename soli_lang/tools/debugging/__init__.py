"""Stopping in programs: breakpoints, steps, what functions hold, and code run in their place."""
