"""Tails that the draws may not reach."""
