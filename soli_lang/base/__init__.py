"""What everything stands on: sources and places, errors, limits, records."""
