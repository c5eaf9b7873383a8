"""Asks the probes and returns scores."""
