"""What the language means, whoever asks: operators, members, elements, classes, types."""
