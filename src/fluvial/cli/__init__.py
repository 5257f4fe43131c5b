"""The command line: ``fluvial fit`` and ``fluvial reproduce``."""

from fluvial.cli.app import main

__all__ = ["main"]
