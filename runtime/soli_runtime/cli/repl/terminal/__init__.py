"""The prompt on a terminal: what is offered, coloured and explained while one types."""
