"""What a program is made of: frozen data, no behaviour."""
