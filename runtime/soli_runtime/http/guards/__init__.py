"""Who is let in, and what is said to those who are not."""
