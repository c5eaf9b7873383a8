"""The models that the engine works with: one in a folder, loaded when it is first needed, or the host's own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cocolora.core.ports import LanguageModel

if TYPE_CHECKING:
    from cocolora.model.lock import PlainLock

DEMO_BASE = Path(__file__).parent.parent / "demo" / "base"


def model_in(folder: Path = DEMO_BASE, *, quantise: str = "") -> Callable[[], LanguageModel]:
    """Return a function that loads the model in ``folder`` once and returns it from then on.

    ``quantise`` ("nf4", "nf4-double" or "int8") quantises a plain one while it is loaded.
    """
    lock = threading.Lock()
    loaded: list[LanguageModel] = []

    def find_model() -> LanguageModel:
        with lock:
            if not loaded:
                from cocolora.model.loading import load_model

                name = "demo-base" if folder == DEMO_BASE else ""
                loaded.append(load_model(folder, name=name, quantise=quantise))
            return loaded[0]

    return find_model


def quantised_copy(folder: Path, target: Path, *, bits: int) -> Path:
    """Write a GPTQ copy of the model in ``folder`` to ``target``. Raises PackageMissing, ModelUnreadable."""
    from cocolora.model.quantising import write_gptq

    return write_gptq(folder, target, bits=bits)


def adopt_model(
    network: Any, tokenizer: Any, *, name: str, folder: Path, lock: PlainLock, quiet: Callable[[], None]
) -> LanguageModel:
    """Return a model that the host has loaded, under the host's own lock; ``folder`` may hold its card.

    ``quiet`` is called whenever the lock was taken, and returns when no stray generation runs any more. Raises
    ModelUnreadable for a faulty card.
    """
    from cocolora.model.card import read_card
    from cocolora.model.loaded import LoadedModel

    return LoadedModel(network, tokenizer, name=name, card=read_card(folder), lock=lock, quiet=quiet)
