"""Several processes that meet in one log in Redis (docs/scale-out.md)."""
