"""What a stranger's hash may bring in: `V`, `validate`, `permit`."""
