"""What the preparation of pixels, and the likelihood's scale, do to −ln p(x) of CIFAR-10."""
