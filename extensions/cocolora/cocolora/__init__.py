"""A local chatbot that learns from its own conversations: small LoRA adapters, routed by provenance."""

__version__ = "0.1.0"
