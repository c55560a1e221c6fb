"""Soli."""
