"""Adapters on a live model."""
