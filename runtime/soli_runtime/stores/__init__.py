"""Where what must outlive a process is kept: SQLite, Redis, or memory (docs/stores.md)."""
