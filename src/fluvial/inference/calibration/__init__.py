"""Simulation-based calibration: whether fits of data from the prior find what made them."""
