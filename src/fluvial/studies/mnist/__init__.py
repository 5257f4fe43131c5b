"""Deep latent Gaussian models on MNIST (Rezende & Mohamed 2015, section 6.2)."""
