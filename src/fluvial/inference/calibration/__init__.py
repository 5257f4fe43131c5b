"""Simulation-based calibration: do fits to data from the prior recover the parameters?"""
