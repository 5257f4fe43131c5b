"""Natural-gradient steps for flows that are nearly Gaussian."""
