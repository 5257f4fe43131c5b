"""What lies on disk: JSON that any reader takes, seals, arrays, locks, and paths that stay put."""
