"""Closures for statements: bodies, `if`, loops, `try`."""
