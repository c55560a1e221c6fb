"""Apps with one planted fault each, and as they are when it is repaired."""
