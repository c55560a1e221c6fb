"""Regular expressions, markup, encodings, locales."""
