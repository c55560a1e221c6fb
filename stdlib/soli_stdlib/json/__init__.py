"""JSON: reading, writing, and the canonical form."""
