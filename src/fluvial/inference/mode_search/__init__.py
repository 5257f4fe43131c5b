"""The search for mass that the approximation does not see."""
