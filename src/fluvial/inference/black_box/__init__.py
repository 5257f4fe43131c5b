"""The lane for functions without a gradient: annealed populations, mixtures, fresh weights."""
