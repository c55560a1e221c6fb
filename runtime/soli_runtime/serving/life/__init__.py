"""How what is served ends, and how it begins anew."""
