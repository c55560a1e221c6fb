"""From files to an app: what is where, what each file knows of the others, what it is granted."""
