"""What draws are worth, and the verdict on them."""
