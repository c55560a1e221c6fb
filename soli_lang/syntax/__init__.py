"""Source text to nodes: scanner, resolver, grammar, builder. Use `soli_lang.syntax.parser`."""
