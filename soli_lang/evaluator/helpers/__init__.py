"""What written functions call."""
