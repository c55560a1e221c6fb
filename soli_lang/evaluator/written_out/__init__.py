"""Frequent shapes written out as Python text instead of a closure per node."""
