"""MNIST with a few epochs and three trainings of each: orderings, and a flow as prior."""
