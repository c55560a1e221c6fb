"""A store in one file of this machine."""
