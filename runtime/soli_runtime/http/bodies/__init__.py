"""Bodies of requests: as they arrive, and what actions read of them."""
