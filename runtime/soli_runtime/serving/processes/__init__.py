"""Several processes behind one port: their parent, the berth of each, and what they share."""
