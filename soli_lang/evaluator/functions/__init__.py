"""Functions, methods and classes: making them, calling them, binding arguments."""
