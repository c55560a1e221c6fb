"""Tokens whose meaning depends on context, to tokens that a context-free grammar can read."""
