"""From a target to a posterior."""
