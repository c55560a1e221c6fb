"""`soli types`: the messages that an app declares, for the authors of its clients."""
