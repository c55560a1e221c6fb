"""Who gets in, and how many: listening, admission, origins, silent connections, open files."""
