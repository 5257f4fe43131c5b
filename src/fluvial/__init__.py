"""Variational inference with normalizing flows."""
