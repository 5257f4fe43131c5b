"""Targets whose answers are known."""
