"""Free energies and evidence estimates."""
