"""What every room needs to leave something on disk, and to read it back."""
