"""Hashing, encryption, tokens and identifiers."""
