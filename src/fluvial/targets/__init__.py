"""What to infer: unnormalized log densities and the models they come from."""
