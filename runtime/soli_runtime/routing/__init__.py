"""What a route is: patterns, the table of all routes, and the handler that a route leads to."""
