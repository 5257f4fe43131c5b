"""Stan programs: everything that depends on stanli's binary interface is in this package."""
