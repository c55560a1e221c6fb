"""The Language Server Protocol 3.17: editors' questions, and what was found in its words."""
