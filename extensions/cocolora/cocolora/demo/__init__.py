"""The tiny base model, its synthetic world, and the scripted story."""
