"""Builds the demo base: tokenizer, model, training, examination and shipping."""
