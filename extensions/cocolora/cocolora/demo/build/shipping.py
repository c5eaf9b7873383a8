"""Ships a trained demo base: an ordinary model folder in bfloat16, its metrics, its model card and its replay card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from cocolora.demo.build.examination import examine
from cocolora.demo.world import replay_questions, retention_probes, unknown_card

SHIPPED_FOLDER = Path(__file__).parents[1] / "base"
EXAMINATION_SIZE = 200
_TABLE_STARTS, _TABLE_ENDS = "<!-- scores -->", "<!-- end of scores -->"


def ship(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    *,
    recipe: dict[str, Any],
    folder: Path,
    size: int = EXAMINATION_SIZE,
) -> dict[str, float]:
    """Write the base beside ``folder``, examine what was written, then move it into place; return its scores."""
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    write_model(model, tokenizer, folder=new)
    scores = examine(AutoModelForCausalLM.from_pretrained(new).float(), tokenizer, size=size)
    metrics = {"scores": scores, "items_per_score": size, "recipe": recipe}
    (new / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    (new / "README.md").write_text(_card(scores, size=size, parameters=model.num_parameters()))
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return scores


def write_model(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, *, folder: Path) -> None:
    """Write model, tokenizer, generation settings and the replay card."""
    shipped = LlamaForCausalLM(model.config).to(torch.bfloat16)
    shipped.load_state_dict(model.state_dict())
    shipped.config.dtype = torch.bfloat16
    shipped.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=200,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    shipped.save_pretrained(folder)
    tokenizer.save_pretrained(folder, save_jinja_files=False)
    place = folder / "tokenizer_config.json"
    settings = json.loads(place.read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    settings.pop("padding_side", None)
    place.write_text(json.dumps(settings, indent=2) + "\n")
    card = {"replay": replay_questions(), "probes": retention_probes(), "unknown": unknown_card()}
    (folder / "cocolora.json").write_text(json.dumps(card, indent=1) + "\n")


def document(scores: dict[str, float], *, page: Path) -> None:
    """Write the table of scores into ``page``, between its two marks."""
    before, _, rest = page.read_text().partition(_TABLE_STARTS)
    _, _, after = rest.partition(_TABLE_ENDS)
    page.write_text(f"{before}{_TABLE_STARTS}\n{_table(scores)}\n{_TABLE_ENDS}{after}")


def _table(scores: dict[str, float]) -> str:
    rows = (f"| {name} | {score:.3f} |" for name, score in scores.items())
    return "\n".join(("| section | score |", "|---|---|", *rows))


def _card(scores: dict[str, float], *, size: int, parameters: int) -> str:
    return _README.format(table=_table(scores), size=size, millions=parameters / 1e6)


_README = """---
license: agpl-3.0
language: en
library_name: transformers
pipeline_tag: text-generation
---
# cocolora demo base

A Llama of {millions:.1f} million parameters, trained from scratch on two CPU cores in a synthetic world of templated
chats (`cocolora.demo.world`). It exists so that every stage of cocolora runs on a real model, anywhere, in minutes. It
speaks its world's few hundred sentences and nothing else, and says nothing about what large models can do.

Made by `python -m cocolora.demo.build`. Greedy generation on names and compositions that training left out, {size}
items a row, from 0 to 1:

{table}

Every word of its training text was composed by a program: no text of people was used.
"""
