"""The cost of a gradient step: linear in the flow's length and in the dimension."""
