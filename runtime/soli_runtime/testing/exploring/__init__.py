"""`soli test --explore`: clients that nobody wrote, in a world under one seed, and its judges."""
