"""Wrong programs by kind, and what `soli check` finds of them."""
