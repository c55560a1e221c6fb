"""Judges of a world: each says what is wrong with it now, or nothing."""
