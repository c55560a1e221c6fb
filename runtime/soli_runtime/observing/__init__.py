"""What is said of a running service: log lines, counts, metrics, health."""
