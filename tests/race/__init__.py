"""A race for the cells of boards: several nodes, players on each, and nodes that are killed."""
