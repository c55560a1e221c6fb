"""What a save changes: the last events of an app, run through the code of before and of now."""
