"""Invertible maps of R^D, one family a file."""
