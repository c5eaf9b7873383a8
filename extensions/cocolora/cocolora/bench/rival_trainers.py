"""What a user would train with instead: transformers' Trainer on PEFT's layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cocolora.bench.rivals import load_plain
from cocolora.core.adapters import Recipe
from cocolora.core.lessons import Sample

_UNCOUNTED = -100
_ROWS = 16


class TransformersTrainer:
    """Training an adapter the usual way: PEFT's layers, transformers' Trainer, batches padded to their longest."""

    def __init__(self, base: Path, folder: Path) -> None:
        """Load the base; the adapter goes to ``folder``."""
        self._network = load_plain(base)
        self._folder = folder

    def train(self, samples: Sequence[Sample], *, recipe: Recipe) -> None:
        """Train on the same samples with the same rank, layers, steps, batches and learning rate; save the adapter."""
        from peft import LoraConfig, get_peft_model
        from transformers import PrinterCallback, Trainer, TrainingArguments

        config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules="all-linear", task_type="CAUSAL_LM")
        self._network = get_peft_model(self._network, config)
        arguments = TrainingArguments(
            output_dir=str(self._folder / "work"),
            max_steps=recipe.steps,
            per_device_train_batch_size=recipe.batch_samples,
            learning_rate=recipe.learning_rate,
            weight_decay=0.0,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,
            seed=recipe.seed % 2**32,
            log_level="error",
        )
        rows = [_row(sample) for sample in samples]
        trainer = Trainer(model=self._network, args=arguments, train_dataset=rows, data_collator=_padded)
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        self._network.save_pretrained(self._folder)

    def final_loss(self, samples: Sequence[Sample]) -> float:
        """Return the mean loss over the counted tokens of all samples, in nats, after the training."""
        return mean_loss(self._network, samples)


def mean_loss(network: Any, samples: Sequence[Sample]) -> float:
    """Return a network's mean loss over the counted tokens of all samples, in nats."""
    import torch
    from torch.nn.functional import cross_entropy

    total, counted = 0.0, 0
    was_training = network.training
    network.eval()
    for start in range(0, len(samples), _ROWS):
        batch = {
            name: tensor.to(network.device)
            for name, tensor in _padded([_row(sample) for sample in samples[start : start + _ROWS]]).items()
        }
        labels = batch.pop("labels")[:, 1:].flatten()
        with torch.no_grad():
            logits = network(**batch, use_cache=False).logits[:, :-1].flatten(0, 1).float()
        total += float(cross_entropy(logits, labels, ignore_index=_UNCOUNTED, reduction="sum"))
        counted += int((labels != _UNCOUNTED).sum())
    network.train(was_training)
    return total / counted


def _row(sample: Sample) -> dict[str, list[int]]:
    labels = [token if counts else _UNCOUNTED for token, counts in zip(sample.tokens, sample.counts, strict=True)]
    return {"input_ids": list(sample.tokens), "labels": labels}


def _padded(rows: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
    import torch

    longest = max(len(row["labels"]) for row in rows)

    def pad(name: str, filler: int) -> Any:
        return torch.tensor([row[name] + [filler] * (longest - len(row[name])) for row in rows])

    attended = torch.tensor([[1] * len(row["labels"]) + [0] * (longest - len(row["labels"])) for row in rows])
    return {"input_ids": pad("input_ids", 0), "labels": pad("labels", _UNCOUNTED), "attention_mask": attended}
