"""Calls to a user's function: checked, in other processes where asked, and kept on disk."""
