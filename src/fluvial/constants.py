"""Numbers of mathematics that several rooms need."""

import math

__all__ = ["LOG_2PI"]

LOG_2PI = math.log(2.0 * math.pi)
"""Twice the negative log density of N(0, 1) at its mean, in nats."""
