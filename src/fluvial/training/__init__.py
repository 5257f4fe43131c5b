"""Training: whole loops that are compiled once."""
