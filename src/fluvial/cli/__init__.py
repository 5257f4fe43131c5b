"""The command line: ``fluvial fit``."""

from fluvial.cli.app import main

__all__ = ["main"]
