"""What a user would run instead, and the passes that are timed: PEFT's adapters, the webui's switching, the device."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PROMPT_TOKENS = 64


def load_plain(folder: Path) -> Any:
    """Return the network in ``folder`` as cocolora would load it, without anything of cocolora's on it."""
    import torch
    from transformers import AutoModelForCausalLM

    on_gpu = torch.cuda.is_available()
    network = AutoModelForCausalLM.from_pretrained(folder, dtype="auto" if on_gpu else torch.float32)
    return network.to("cuda" if on_gpu else "cpu").eval()


class Passes:
    """A network's decoding of one token after a prompt, and its reading of the prompt."""

    def __init__(self, network: Any) -> None:
        import torch

        self._network = network
        count = min(1000, network.config.vocab_size - 1)
        self._tokens = torch.arange(PROMPT_TOKENS, device=network.device)[None] % count + 1

    def prefill(self) -> Any:
        """Read the prompt; return its cache."""
        import torch

        with torch.no_grad():
            cache = self._network(input_ids=self._tokens, use_cache=True, logits_to_keep=1).past_key_values
        _wait()
        return cache

    def decoding(self, *, tokens: int) -> Callable[[], None]:
        """Return a function that decodes ``tokens`` tokens one by one after the prompt."""
        import torch

        cache = self.prefill()

        def decode() -> None:
            with torch.no_grad():
                for _ in range(tokens):
                    self._network(input_ids=self._tokens[:, :1], past_key_values=cache, use_cache=True)
            cache.crop(PROMPT_TOKENS)
            _wait()

        return decode


def _wait() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


class PeftStack:
    """Adapters on a network the way PEFT itself keeps them."""

    def __init__(self, network: Any, first: tuple[str, Path]) -> None:
        """Wrap the network with one adapter."""
        self.model = _loaded(network, *first)
        self.attached = [first[0]]

    def attach(self, adapter_id: str, folder: Path) -> None:
        """Attach one more."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model.load_adapter(str(folder), adapter_name=adapter_id)
        self.attached.append(adapter_id)

    def activate(self, adapter_ids: Sequence[str]) -> None:
        """Make these active; none: switch the adapters off."""
        if adapter_ids:
            self.model.base_model.enable_adapter_layers()
            self.model.base_model.set_adapter(list(adapter_ids))
        else:
            self.model.base_model.disable_adapter_layers()


class HostSwitching:
    """The webui's change from some LoRAs to others: everything is unloaded, then loaded again.

    The same operations as in its ``add_lora_to_model``; of several it makes one by ``add_weighted_adapter``.
    """

    def __init__(self, network: Any) -> None:
        self._network = network
        self._wrapped: Any = None

    def switch(self, folders: Sequence[Path]) -> None:
        """Put exactly the LoRAs in ``folders`` on the network."""
        if self._wrapped is not None:
            self._network = self._wrapped.unload()
            del self._network.peft_config  # else PEFT warns that it might be wrapped twice
        names = [folder.name for folder in folders]
        self._wrapped = _loaded(self._network, names[0], folders[0])
        for name, folder in zip(names[1:], folders[1:], strict=True):
            self._wrapped.load_adapter(str(folder), adapter_name=name)
        if len(names) > 1:
            self._wrapped.add_weighted_adapter(names, [1.0] * len(names), "merged")
            self._wrapped.set_adapter("merged")


def _loaded(network: Any, adapter_id: str, folder: Path) -> Any:
    from peft import PeftModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return PeftModel.from_pretrained(network, str(folder), adapter_name=adapter_id).eval()


def forget_device_peak() -> bool:
    """Begin to watch a GPU's memory anew; say whether there is one."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    return torch.cuda.is_available()


def device_peak_bytes() -> int | None:
    """Return the most that a GPU's memory held since; None without a GPU."""
    import torch

    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
