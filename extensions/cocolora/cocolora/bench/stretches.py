"""One stretch as the engine trains on it: lessons, negatives, memories beside them, and replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cocolora.bench.life import Life, write_script
from cocolora.core.adapters import Recipe
from cocolora.core.events import CancelCheck, ProgressCallback
from cocolora.core.lessons import Exchange, Sample
from cocolora.core.ports import LanguageModel
from cocolora.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one adapter is trained on, as exchanges and as their tokens, and how."""

    exchanges: tuple[Exchange, ...]
    samples: tuple[Sample, ...]
    recipe: Recipe


def take_stretch(folder: Path, model: LanguageModel, *, facts: int) -> Stretch:
    """Tell the engine ``facts`` facts in one conversation, and return what it would train on."""
    script = write_script(0, facts=facts, per_stretch=facts)
    life = Life(folder, script, lambda: model, fan_in=0)
    life.open()
    taken = _Taking()
    life.engine.workbench().trainer = taken
    try:
        life.live(script.days[0])
    except Cancelled:
        pass
    finally:
        life.close()
    return taken.stretches[0]


class _Taking:
    """A trainer that notes what it was given and trains nothing."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []

    def train(
        self,
        adapter_id: str,
        samples: Sequence[Sample],
        *,
        recipe: Recipe,
        beneath: Sequence[tuple[str, float]],
        folder: Path,
        on_progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> tuple[float, ...]:
        """Raise Cancelled."""
        exchanges = tuple(sample.exchange for sample in samples if sample.exchange is not None)
        self.stretches.append(Stretch(exchanges, tuple(samples), recipe))
        raise Cancelled("Training")
