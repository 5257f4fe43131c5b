"""Climbs from many points to the modes of a density, and the census of where they end."""
