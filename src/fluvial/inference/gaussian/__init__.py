"""Gaussians matched to a target by its gradients."""
