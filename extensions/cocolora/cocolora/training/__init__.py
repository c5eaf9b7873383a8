"""Making adapters from samples."""
