"""Hamiltonian chains in a flow's latent space."""
