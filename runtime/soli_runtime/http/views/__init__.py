"""Templates, and the pages that they make."""
