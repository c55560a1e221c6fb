"""`soli repl` and `--console`: try handlers from a prompt, and be their clients."""
