"""The command line: ``fluvial fit``, ``train``, ``reproduce``, ``replicate`` and ``report``."""

from fluvial.cli.app import main

__all__ = ["main"]
