"""What editors show of a whole text: colours, folds, types, lenses."""
