"""The lines that load exported adapters elsewhere, as a text that goes beside them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LOADING = "LOADING.md"
# What vLLM takes for --max-lora-rank.
_VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)


@dataclass(frozen=True, slots=True)
class Loadable:
    """An exported adapter: its folder or file beside the text, its rank, and the weight it is used with."""

    name: str
    path: str
    rank: int
    weight: float = 1.0


_CHOOSE = """These programs do not choose adapters by prompt, as cocolora does. Adapters that were trained apart from
each other spoil each other when all are on: ask one of them at a time, or together with a behaviour adapter.
"""


def read_loading(written: Path) -> str:
    """Return the lines that load what was exported to a folder or a zip file; empty where it came without any."""
    if written.is_dir():
        lines = written / LOADING
        return lines.read_text(encoding="utf-8") if lines.is_file() else ""
    with zipfile.ZipFile(written) as archive:
        return archive.read(LOADING).decode() if LOADING in archive.namelist() else ""


def render_folders(base: str, adapters: Sequence[Loadable]) -> str:
    """Return the text for PEFT folders: PEFT, vLLM, Ollama."""
    first, rank = adapters[0], max(adapter.rank for adapter in adapters)
    fitting = next((size for size in _VLLM_RANKS if size >= rank), rank)
    modules = " ".join(f"{adapter.name}={adapter.path}" for adapter in adapters)
    return f"""# Loading these adapters

They belong to the base model {base}; put its name or folder where BASE stands, and run the lines in this folder.

{_CHOOSE}
## PEFT

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM

model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("BASE"), "{first.path}")
```

## vLLM

```sh
vllm serve BASE --enable-lora --max-lora-rank {fitting} --lora-modules {modules}
```

Each adapter is then a model of its own name: ask for "{first.name}".

## Ollama

A Modelfile, for bases that Ollama takes adapters for in this form (Llama, Mistral, Gemma):

```
FROM BASE
ADAPTER ./{first.path}
```

## llama.cpp

It takes GGUF: `cocolora export --form gguf` writes that.
{_weights(adapters)}"""


def render_gguf(base: str, adapters: Sequence[Loadable]) -> str:
    """Return the text for GGUF files: llama.cpp, Ollama."""
    first = adapters[0]
    scaled = ",".join(f"{adapter.path}:{adapter.weight:g}" for adapter in adapters)
    return f"""# Loading these adapters

They belong to the base model {base}; put its GGUF file where BASE.gguf stands, and run the lines in this folder.

{_CHOOSE}
## llama.cpp

```sh
llama-server -m BASE.gguf --lora-scaled {scaled} --lora-init-without-apply
```

starts with all of them off; a request switches one on with `"lora": [{{"id": 0, "scale": {first.weight:g}}}]`, where
the id is its place in the line above, from 0. With one alone: `llama-server -m BASE.gguf --lora {first.path}`.

## Ollama

A Modelfile for each adapter, then `ollama create NAME -f Modelfile`:

```
FROM ./BASE.gguf
ADAPTER ./{first.path}
```
"""


def _weights(adapters: Sequence[Loadable]) -> str:
    others = [adapter for adapter in adapters if adapter.weight != 1.0]
    if not others:
        return ""
    lines = "".join(f"- {adapter.name}: {adapter.weight:g}\n" for adapter in others)
    return f"\n## Weights\n\nUsed here with other weights than 1, which these lines do not set:\n\n{lines}"
