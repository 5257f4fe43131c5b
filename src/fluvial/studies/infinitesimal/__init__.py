"""Infinitesimal flows in finite steps: Langevin and Hamiltonian flows on a target's score."""
