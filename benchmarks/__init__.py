"""Accuracy and speed beside reference draws, known answers and peers; never a timed test."""
