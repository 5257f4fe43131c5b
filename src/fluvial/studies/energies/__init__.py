"""Figure 3 of Rezende & Mohamed (2015): flows of 2, 8 and 32 layers on four energies."""
