"""Programs that beginners write, and what `soli check` says of each."""
