"""A convolutional network with and without PIL (Pillow)."""
