"""The loaded causal language model."""
