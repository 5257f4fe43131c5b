"""Deep latent Gaussian models on patches of CIFAR-10 (Rezende & Mohamed 2015, section 6.3)."""
