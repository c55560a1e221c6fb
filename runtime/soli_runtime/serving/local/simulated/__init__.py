"""An app and its clients in memory, whose time, ids and randomness come from a seed."""
