"""The command line; ``fluvial --help`` lists its commands."""

from fluvial.cli.app import main

__all__ = ["main"]
