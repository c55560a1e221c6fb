"""The passes of `soli check` (see `soli_lang.tools.checker`)."""
