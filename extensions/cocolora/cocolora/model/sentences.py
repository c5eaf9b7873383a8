"""A sentence-transformers model in a local folder, read with transformers alone: texts in, vectors out."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from cocolora.errors import EmbedderUnavailable

_BATCH_TEXTS = 32
_KNOWN_MODULES = ("Transformer", "Pooling", "Normalize")
_POOLINGS = {"mean_tokens": "mean", "cls_token": "cls"}


class SentenceModel:
    """Embeds texts with an encoder and the pooling that its folder names; loaded when first used, on the CPU."""

    def __init__(self, folder: Path) -> None:
        """Look into the folder. Raises EmbedderUnavailable when it holds no such model; nothing is downloaded."""
        self.folder = folder
        self._pooling = _read_pooling(folder)
        self._longest_tokens = int(_read(folder / "sentence_bert_config.json").get("max_seq_length") or 256)
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector of length 1 per text. Raises EmbedderUnavailable when the files cannot be loaded."""
        tokenizer, network = self._load()
        vectors: list[list[float]] = []
        for start in range(0, len(texts), _BATCH_TEXTS):
            tokens = tokenizer(
                list(texts[start : start + _BATCH_TEXTS]),
                padding=True,
                truncation=True,
                max_length=self._longest_tokens,
                return_tensors="pt",
            )
            with torch.inference_mode():
                states = network(**tokens).last_hidden_state
            vectors += self._pool(states, tokens["attention_mask"]).tolist()
        return vectors

    def _pool(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return (texts, dimension) of length 1 from (texts, tokens, dimension); ``mask`` is 1 where a token is."""
        if self._pooling == "cls":
            pooled = states[:, 0]
        else:
            weights = mask.unsqueeze(-1).to(states.dtype)
            pooled = (states * weights).sum(1) / weights.sum(1).clamp(min=1)
        return torch.nn.functional.normalize(pooled, dim=-1)

    def _load(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                from transformers import AutoModel, AutoTokenizer

                try:
                    tokenizer = AutoTokenizer.from_pretrained(str(self.folder), local_files_only=True)
                    network = AutoModel.from_pretrained(str(self.folder), local_files_only=True, use_safetensors=True)
                except (OSError, ValueError, KeyError) as error:
                    raise EmbedderUnavailable(f"{self.folder} cannot be loaded ({error})") from error
                self._loaded = tokenizer, network.eval()
            return self._loaded


def _read_pooling(folder: Path) -> str:
    if not (folder / "modules.json").is_file():
        raise EmbedderUnavailable(f"{folder} is no sentence-transformers folder (it has no modules.json)")
    modules = _read(folder / "modules.json")
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    if strange := [kind for kind in kinds if kind not in _KNOWN_MODULES]:
        raise EmbedderUnavailable(f"{folder} needs {strange[0]}, which is not understood; use one with mean pooling")
    paths = [module["path"] for module, kind in zip(modules, kinds, strict=True) if kind == "Pooling"]
    chosen = _read(folder / paths[0] / "config.json") if paths else {}
    modes = [name.removeprefix("pooling_mode_") for name, on in chosen.items() if on is True]
    pooling = [_POOLINGS[mode] for mode in modes if mode in _POOLINGS]
    if len(pooling) != 1:
        raise EmbedderUnavailable(f"{folder} pools by {modes or 'nothing known'}; one of mean and cls is understood")
    return pooling[0]


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EmbedderUnavailable(f"{file} cannot be read ({error})") from error
