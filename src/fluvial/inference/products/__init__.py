"""Densities that are products, in their own coordinates or in others."""
