"""Which coordinates modulate or depend on which, found from gradients alone."""
