"""Recordings: what a program was told from outside in each event, kept and told again."""
