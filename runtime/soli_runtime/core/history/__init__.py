"""What rooms said lately, and what somebody gets who comes back."""
