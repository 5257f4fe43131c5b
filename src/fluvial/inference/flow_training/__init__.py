"""Which flow to train, its training, and when to stop."""
