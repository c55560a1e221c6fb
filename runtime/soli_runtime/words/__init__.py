"""What spec files are written in: groups, assertions, requests, clients, factories."""
