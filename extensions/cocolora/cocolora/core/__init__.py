"""Values and pure decisions: no input or output, no clock, no torch; ``now`` and ``seed`` are arguments."""
