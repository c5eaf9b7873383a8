"""The model that the webui has loaded: asked for at every use, and let go as soon as the host has another."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cocolora.core.ports import LanguageModel
from cocolora.engine.open_model import adopt_model
from cocolora.errors import CannotTrain

logger = logging.getLogger(__name__)

STRAY_THREAD = "gentask"
STRAY_WAIT_S = 30.0
_OTHER_LOADERS = {
    "LlamaServer": "llama.cpp",
    "Exllamav3Model": "ExLlamaV3",
    "Exllamav3HF": "ExLlamaV3",
    "TensorRTLLMModel": "TensorRT-LLM",
}


class HostModel:
    """The one model of the host, wrapped once for each time it is loaded."""

    def __init__(self) -> None:
        self._wrapped: LanguageModel | None = None
        self._is_gone = False
        self._guard = threading.Lock()
        self._in_training = False

    @contextmanager
    def in_training(self) -> Iterator[None]:
        """Say that the host trains its model or loads it again by our wish: it is not taken for unloaded meanwhile."""
        self._in_training = True
        try:
            yield
        finally:
            self._in_training = False

    def find(self) -> LanguageModel | None:
        """Return the loaded model, or None. Raises CannotTrain where adapters cannot live."""
        from modules import shared

        if self._in_training:
            raise CannotTrain("the webui is training it", "It answers again when that is done.")
        with self._guard:
            network, tokenizer = self._compare(), shared.tokenizer
            check(shared.model)
            if network is not None and tokenizer is not None and self._wrapped is None:
                self._wrapped = adopt_model(
                    network,
                    tokenizer,
                    name=str(shared.model_name),
                    folder=_folder(str(shared.model_name)),
                    lock=shared.generation_lock,
                    quiet=wait_for_stray_generation,
                )
            return self._wrapped

    def is_gone(self) -> bool:
        """Say, once, whether a model that was found here is no longer the host's, or no longer one for adapters."""
        with self._guard:
            if self._in_training:
                return False
            self._compare()
            is_gone, self._is_gone = self._is_gone, False
            return is_gone

    def forget(self) -> None:
        """Hold the model no longer that was loaded again by our own wish: nobody waits for news of that."""
        with self._guard:
            self._wrapped = None

    def _compare(self) -> Any:
        """Return the host's network if adapters can live in it, else None; let go another one that was found before."""
        from modules import shared

        network = shared.model
        try:
            check(network)
        except CannotTrain:
            network = None
        if self._wrapped is not None and self._wrapped.network is not network:
            self._wrapped, self._is_gone = None, True
        return network


def check(network: Any) -> None:
    """Raise CannotTrain, with the reason and the next step, unless adapters can live in the network."""
    from modules import shared

    kind = type(network)
    if kind.__name__ in _OTHER_LOADERS:
        raise CannotTrain(
            f"{_OTHER_LOADERS[kind.__name__]} runs it where no adapter can be trained or switched",
            "To learn, load it with the Transformers loader.",
        )
    if "PeftModel" in [base.__name__ for base in kind.__mro__]:
        raise CannotTrain(
            "LoRAs from the webui's own menu are applied to it",
            "They are left alone; to learn, take them off on the Model tab.",
        )
    if network is not None and shared.model_dirty_from_training:
        raise CannotTrain("the Training tab has changed it", "Reload it on the Model tab.")
    if network is not None and (shared.is_seq2seq or not hasattr(network, "named_parameters")):
        raise CannotTrain("it is no causal language model of the Transformers loader", "Load one to learn.")


def _folder(model_name: str) -> Path:
    from modules.utils import resolve_model_path

    return Path(resolve_model_path(model_name))


def wait_for_stray_generation(limit_s: float = STRAY_WAIT_S) -> None:
    """Wait until no thread generates any more: after a stop string one may still be in its last forward pass."""
    end = time.monotonic() + limit_s
    for thread in threading.enumerate():
        if STRAY_THREAD in thread.name and thread is not threading.current_thread():
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                logger.warning("a generation that was stopped still runs after %d s; going on beside it", limit_s)
