"""Global functions, `Math`, and the names that this library has not."""
