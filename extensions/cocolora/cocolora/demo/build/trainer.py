"""Trains the demo base: the recipe, the state that a killed build resumes from, and the loop."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from cocolora.demo.build.examination import examine
from cocolora.demo.build.initial import configuration, untrained
from cocolora.demo.build.optimisers import Muon
from cocolora.demo.build.packing import Batch, draw_batch
from cocolora.demo.build.tokens import train_tokenizer


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the demo base is made. Rates are per step; ``decay`` is a share of all steps."""

    seed: int = 0
    steps: int = 6200
    layers: int = 4
    vocabulary: int = 1536
    rows: int = 8
    length: int = 352
    matrix_rate: float = 0.0045
    other_rate: float = 1e-3
    warm_steps: int = 40
    decay: float = 0.7
    threads: int = 1

    def rate_at(self, step: int) -> float:
        """Return the factor on the learning rates: a short rise, a plateau, a straight fall to almost nothing."""
        done = step / self.steps
        return min(1.0, (step + 1) / self.warm_steps, (1 - done) / self.decay + 0.01)


class Build:
    """One build: the model, its optimisers, and the folder that a killed build resumes from."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        """Take up the build in ``folder``, or begin it. Raises ValueError where that was begun by another recipe."""
        self.recipe, self.folder = recipe, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._agree()
        self.tokenizer = self._tokenizer()
        config = configuration(
            vocabulary=len(self.tokenizer),
            layers=recipe.layers,
            pad=self.tokenizer.pad_token_id,
            begin=self.tokenizer.bos_token_id,
            end=self.tokenizer.eos_token_id,
        )
        self.model = untrained(config, seed=recipe.seed)
        # Masked short rows are a seventh faster so than by the fused kernel, which is slow with masks on a CPU.
        self.model.set_attn_implementation("eager")
        matrices = [weight for weight in self.model.model.layers.parameters() if weight.ndim == 2]
        held = {id(weight) for weight in matrices}
        others = [weight for weight in self.model.parameters() if id(weight) not in held]
        self.muon = Muon(matrices, lr=recipe.matrix_rate)
        self.adam = torch.optim.AdamW(others, lr=recipe.other_rate, betas=(0.9, 0.98), weight_decay=0.0)
        self.step = 0
        self._resume()

    def _agree(self) -> None:
        place, ours = self.folder / "recipe.json", json.dumps(asdict(self.recipe), indent=1)
        if place.exists() and place.read_text() != ours:
            raise ValueError(f"{self.folder} holds a build by another recipe ({place.name}): choose another folder")
        place.write_text(ours)

    def _tokenizer(self) -> PreTrainedTokenizerFast:
        place, unfinished = self.folder / "tokenizer", self.folder / "tokenizer.new"
        if not place.exists():
            trained = train_tokenizer(seed=self.recipe.seed, vocabulary=self.recipe.vocabulary)
            trained.save_pretrained(unfinished)
            unfinished.replace(place)
        return PreTrainedTokenizerFast.from_pretrained(place)

    def _resume(self) -> None:
        place = self.folder / "state.safetensors"
        if not place.exists():
            return
        state = load_file(place)
        self.step = int(state.pop("step"))
        self.model.load_state_dict({name[6:]: value for name, value in state.items() if name.startswith("model.")})
        for name, optimiser in (("muon", self.muon), ("adam", self.adam)):
            held = optimiser.state_dict()
            held["state"] = _nested({key[5:]: value for key, value in state.items() if key.startswith(name + ".")})
            optimiser.load_state_dict(held)

    def save(self) -> None:
        """Write the state that a killed build resumes from, in one move."""
        state = {f"model.{name}": value.contiguous() for name, value in self.model.state_dict().items()}
        for name, optimiser in (("muon", self.muon), ("adam", self.adam)):
            for place, values in optimiser.state_dict()["state"].items():
                state |= {f"{name}.{place}.{key}": value.contiguous() for key, value in values.items()}
        state["step"] = torch.tensor(self.step)
        save_file(state, self.folder / "state.new")
        (self.folder / "state.new").replace(self.folder / "state.safetensors")

    def train_step(self) -> float:
        """Learn from one batch, and return its loss in nats per counted token."""
        recipe = self.recipe
        batch = draw_batch(self.tokenizer, seed=recipe.seed, step=self.step, rows=recipe.rows, length=recipe.length)
        factor = recipe.rate_at(self.step)
        for optimiser, rate in ((self.muon, recipe.matrix_rate), (self.adam, recipe.other_rate)):
            optimiser.param_groups[0]["lr"] = rate * factor
            optimiser.zero_grad()
        loss = batch_loss(self.model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.adam.param_groups[0]["params"], 1.0)
        self.muon.step()
        self.adam.step()
        self.step += 1
        return float(loss.detach())


def _nested(flat: dict[str, torch.Tensor]) -> dict[int, dict[str, torch.Tensor]]:
    nested: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in flat.items():
        place, key = name.split(".")
        nested.setdefault(int(place), {})[key] = value
    return nested


def batch_loss(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Return the mean loss of a batch over the tokens that count."""
    counts = batch.counts[:, 1:]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.model(
            input_ids=batch.ids, position_ids=batch.positions, attention_mask=batch.mask, use_cache=False
        ).last_hidden_state
        logits = model.lm_head(hidden[:, :-1][counts])
    return torch.nn.functional.cross_entropy(logits.float(), batch.ids[:, 1:][counts])


def run(build: Build, *, examine_every: int, save_every: int = 100) -> None:
    """Train to the end of the recipe, saving and examining now and then."""
    started, mean = time.monotonic(), 0.0
    while build.step < build.recipe.steps:
        loss = build.train_step()
        mean = loss if not mean else 0.98 * mean + 0.02 * loss
        if build.step % 50 == 0:
            print(f"step {build.step} loss {mean:.4f} {time.monotonic() - started:.0f} s", flush=True)
        if build.step % save_every == 0:
            build.save()
        if build.step % examine_every == 0 and build.step < build.recipe.steps:
            print(json.dumps(examine(build.model, build.tokenizer, size=40)), flush=True)
    build.save()
