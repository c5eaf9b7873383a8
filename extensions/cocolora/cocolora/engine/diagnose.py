"""Finding out what the loaded model can do, by trying it: one adapter is begun on it, and taken away again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cocolora.core.adapters import Recipe
from cocolora.core.lessons import Exchange
from cocolora.core.ports import LanguageModel
from cocolora.errors import CocoloraError

_TRIAL = Recipe(rank=2, alpha=4.0, learning_rate=1e-3, steps=2, batch_samples=1, seed=0)
_EXCHANGE = Exchange(({"role": "user", "content": "What is my dog called?"},), "Your dog is called Biscuit.")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found: ``kind`` is the kind of base; the two reasons are empty where it works."""

    kind: str
    layers: int
    why_not_train: str
    why_not_stack: str

    @property
    def sentences(self) -> tuple[str, str]:
        """Whether it can be trained, and whether adapters can be stacked on it, with the reason where not."""
        return self.why_not_train or "yes: two steps were made and taken back", self.why_not_stack or "yes"


def diagnose(model: LanguageModel) -> Diagnosis:
    """Train a trial adapter for two steps, attach it, activate it, and take it off again."""
    from cocolora.stack.live import LiveStack
    from cocolora.training.live import LiveTrainer

    stack = LiveStack(model)
    with TemporaryDirectory(prefix="cocolora-doctor-") as place:
        folder = Path(place) / "trial"
        try:
            LiveTrainer(model, stack).train("trial", [model.sample(_EXCHANGE)], recipe=_TRIAL, folder=folder)
        except (CocoloraError, MemoryError, RuntimeError, NotImplementedError) as error:
            reason = _words(error)
            return Diagnosis(model.kind, len(model.layers), reason, f"not tried: no adapter could be made ({reason})")
        try:
            stack.attach("trial", folder)
            with stack.activated([("trial", 1.0)]):
                model.generate([_EXCHANGE.prompt], max_new_tokens=1)
            stack.detach("trial")
        except (CocoloraError, MemoryError, RuntimeError, NotImplementedError) as error:
            return Diagnosis(model.kind, len(model.layers), "", _words(error))
    return Diagnosis(model.kind, len(model.layers), "", "")


def _words(error: BaseException) -> str:
    return str(error) if isinstance(error, CocoloraError) else f"{type(error).__name__}: {error}"
