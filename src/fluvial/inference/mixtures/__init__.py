"""Mixtures of Gaussians fitted to weighted draws, without compilation."""
