"""The command line over the engine: ``cocolora COMMAND``."""

from cocolora.cli.parser import build_parser, main

__all__ = ["build_parser", "main"]
