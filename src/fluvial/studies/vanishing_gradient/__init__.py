"""Deep dense networks with and without skip connections, and their gradients."""
