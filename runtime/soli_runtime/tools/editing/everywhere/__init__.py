"""Names over all files of an app: where they are used, and how they are renamed."""
