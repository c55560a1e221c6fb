"""`soli check`, and what `soli run` says of a program before it runs."""
