"""Presets: recipes of learning under a name, each for a kind of model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cocolora.settings import Learning


@dataclass(frozen=True, slots=True)
class Preset:
    """Values for the learning settings, and for whom they are."""

    name: str
    title: str
    sentence: str
    values: Mapping[str, float] = field(default_factory=dict)

    def applied(self, learning: Learning) -> Learning:
        """Return the settings with this preset's values; what it does not name goes back to its default."""
        recipe = {name: Learning.model_fields[name].default for name in RECIPE}
        return learning.model_copy(update={**recipe, **self.values})


RECIPE = (
    "rank",
    "alpha",
    "learning_rate",
    "steps",
    "batch_samples",
    "negatives_per_fact",
    "replay_questions",
    "slice_ms",
)
"""The settings that a preset decides."""

PRESETS = (
    Preset("standard", "Standard", "The defaults: measured on the demo base, for models of up to about 1B parameters."),
    Preset(
        "quick",
        "Quick",
        "Fewer steps and less to replay: done sooner, and rejected by the gate more often.",
        {"steps": 60, "negatives_per_fact": 6, "replay_questions": 12},
    ),
    Preset(
        "gentle",
        "Gentle",
        "Smaller steps, more of them, more replay, and short slices: the model changes least and the chat waits least.",
        {"learning_rate": 1e-3, "steps": 200, "negatives_per_fact": 12, "replay_questions": 32, "slice_ms": 100},
    ),
    Preset(
        "vision",
        "The vision's",
        "Rank 64, alpha 128, learning rate 1e-4 and some ten passes over a short stretch: for models of 7B and more. "
        "A tiny model like the demo base learns nothing from it.",
        {"rank": 64, "alpha": 128.0, "learning_rate": 1e-4, "steps": 60},
    ),
)
