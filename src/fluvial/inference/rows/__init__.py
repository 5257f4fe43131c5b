"""Posteriors of many rows: found on a sample of them, judged on all."""
