"""The live stack: adapters attached to the loaded model, made active, weighed, trained and taken off again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from cocolora.core.adapters import Recipe
from cocolora.core.ports import LanguageModel
from cocolora.errors import AdapterDamaged, BaseMismatch, CannotTrain, UnknownId
from cocolora.stack.files import AdapterFiles, LowRankPair, read_adapter, write_adapter
from cocolora.stack.injection import (
    eject,
    has_foreign_adapters,
    initialise,
    inject,
    layer_shape,
    lora_layers,
    short_targets,
    target_paths,
)
from cocolora.stack.manifest import Manifest

Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class _OnModel:
    """An adapter's layers in the network; ``scale`` is alpha / rank, its effect at weight 1."""

    layers: dict[str, Any]
    scale: float


class LiveStack:
    """Adapters on a live model; implements ``core.ports.Stack`` and ``core.ports.TrainingStack``.

    The host's network object stays the same plain object throughout: only its linear layers are wrapped, and
    unwrapped with the last adapter. Nothing is ever merged into the base.
    """

    def __init__(self, model: LanguageModel) -> None:
        """Take the loaded model; nothing is done to it yet."""
        self._model = model
        self._attached: dict[str, _OnModel] = {}
        self._in_training: dict[str, _OnModel] = {}
        self._active: Weights = ()

    @property
    def attached(self) -> tuple[str, ...]:
        """The ids of the adapters that are attached."""
        return tuple(self._attached)

    @property
    def active(self) -> Weights:
        """The adapters that take part, with their weights."""
        return self._active

    def attach(self, adapter_id: str, folder: Path) -> None:
        """Attach an adapter's files, inactive; attached twice, it is attached.

        Everything is checked before the network is touched. Raises AdapterMissing, AdapterDamaged, BaseMismatch,
        and CannotTrain where the host's own adapters are in the way.
        """
        if adapter_id in self._attached:
            return
        adapter = read_adapter(folder, adapter_id=adapter_id)
        with self._model.exclusive():
            self._refuse_foreign()
            self._check(adapter, adapter_id)
            self._attached[adapter_id] = self._create(
                adapter_id, paths=list(adapter.layers), rank=adapter.rank, alpha=adapter.alpha
            )
            for path, pair in adapter.layers.items():
                layer = self._attached[adapter_id].layers[path]
                layer.lora_A[adapter_id].weight.data.copy_(pair.a)
                layer.lora_B[adapter_id].weight.data.copy_(pair.b)

    def detach(self, adapter_id: str) -> None:
        """Take an adapter off; with the last one gone the network is as the host loaded it. Raises UnknownId."""
        with self._model.exclusive():
            self._known(adapter_id)
            del self._attached[adapter_id]
            self._active = tuple(pair for pair in self._active if pair[0] != adapter_id)
            eject(self._model.network, adapter_id)

    def activate(self, weights: Sequence[tuple[str, float]]) -> None:
        """Make exactly these attached adapters active, with their weights; zero is as good as absent.

        Raises UnknownId for one that is not attached, and then changes nothing.
        """
        with self._model.exclusive():
            self._known(*(adapter_id for adapter_id, _ in weights))
            self._switch(tuple(weights))

    @contextmanager
    def activated(self, weights: Sequence[tuple[str, float]]) -> Iterator[None]:
        """Hold the model with exactly these adapters active, then restore what was active."""
        with self._model.exclusive():
            before = self._active
            self.activate(weights)
            try:
                yield
            finally:
                self._switch(tuple(pair for pair in before if pair[0] in self._attached))

    @contextmanager
    def unfinished(
        self, adapter_id: str, *, recipe: Recipe, beneath: Sequence[tuple[str, float]]
    ) -> Iterator[_Unfinished]:
        """Create an adapter for training, on top of attached ones; it is taken off again at the end.

        Its weights at the start depend on the recipe's seed alone. Raises CannotTrain and UnknownId.
        """
        with self._model.exclusive():
            self._known(*(below for below, _ in beneath))
            self._refuse_foreign()
            if adapter_id in self._attached or adapter_id in self._in_training:
                raise CannotTrain(f'adapter "{adapter_id}" is on the model already', "Detach it first.")
            paths = target_paths(self._model.network)
            if not paths:
                raise CannotTrain("it has no linear layers to adapt", "Load a causal language model of another kind.")
            created = self._create(adapter_id, paths=paths, rank=recipe.rank, alpha=recipe.alpha)
            initialise(created.layers, adapter_id, seed=recipe.seed)
            self._in_training[adapter_id] = created
        try:
            yield _Unfinished(self, adapter_id, recipe=recipe, beneath=tuple(beneath))
        finally:
            with self._model.exclusive():
                del self._in_training[adapter_id]
                eject(self._model.network, adapter_id)

    def _create(self, adapter_id: str, *, paths: list[str], rank: int, alpha: float) -> _OnModel:
        try:
            layers = inject(self._model.network, adapter_id, paths=paths, rank=rank, alpha=alpha)
        except BaseException:  # out of memory, interrupted: no half-made adapter stays behind
            eject(self._model.network, adapter_id)
            raise
        return _OnModel(layers, alpha / rank)

    def _check(self, adapter: AdapterFiles, adapter_id: str) -> None:
        identity, trained_on = self._model.identity, adapter.manifest.base
        if trained_on.fingerprint != identity.fingerprint:
            raise BaseMismatch(adapter_id, trained_on=str(trained_on), loaded=str(identity))
        for path, pair in adapter.layers.items():
            shape = layer_shape(self._model.network, path)
            if shape != (pair.b.shape[0], pair.a.shape[1]):
                found = f"is {shape[0]} by {shape[1]}" if shape else "is not there"
                raise AdapterDamaged(adapter_id, f'"{path}" {found} in the model, and does not fit')

    def _refuse_foreign(self) -> None:
        if has_foreign_adapters(self._model.network, [*self._attached, *self._in_training]):
            raise CannotTrain(
                "the host has put LoRAs of its own on it", "Take them off in the host's model menu, then try again."
            )

    def _known(self, *adapter_ids: str) -> None:
        for adapter_id in adapter_ids:
            if adapter_id not in self._attached:
                raise UnknownId("attached adapter", adapter_id)

    def _switch(self, weights: Weights) -> None:
        self._set(weights)
        self._active = weights

    def _set(self, weights: Weights) -> None:
        """Set each layer's active adapters and their scales.

        PEFT's ``set_adapter`` refuses several, makes them trainable, and walks over everything attached.
        """
        on_model = {**self._attached, **self._in_training}
        for _, layer in lora_layers(self._model.network):
            layer._active_adapter = []
        for adapter_id, weight in weights:
            for layer in on_model[adapter_id].layers.values() if weight else ():
                layer._active_adapter.append(adapter_id)
                layer.scaling[adapter_id] = weight * on_model[adapter_id].scale


class _Unfinished:
    """An adapter that is being trained; implements ``core.ports.UnfinishedAdapter``."""

    def __init__(self, stack: LiveStack, adapter_id: str, *, recipe: Recipe, beneath: Weights) -> None:
        self._stack = stack
        self._id = adapter_id
        self._recipe = recipe
        self._beneath = beneath

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        """A and B of each layer, in the network's order, float32."""
        return [weight for pair in self._pairs().values() for weight in (pair.a, pair.b)]  # type: ignore[misc]

    @contextmanager
    def open(self) -> Iterator[None]:
        """Hold the model with this adapter, on those beneath it, active and alone trainable; then restore all."""
        stack = self._stack
        with stack._model.exclusive(), _only_trainable(stack._model.network, self.parameters):
            stack._known(*(below for below, _ in self._beneath))
            stack._set((*self._beneath, (self._id, 1.0)))
            try:
                yield
            finally:
                stack._set(stack._active)

    def write(self, folder: Path) -> None:
        """Write PEFT files and a manifest into ``folder``, made visible in one step."""
        network, pairs = self._stack._model.network, self._pairs()
        manifest = Manifest(adapter_id=self._id, base=self._stack._model.identity, recipe=self._recipe)
        targets = short_targets(network, pairs)
        write_adapter(folder, pairs, alpha=self._recipe.alpha, targets=targets, manifest=manifest)

    def _pairs(self) -> dict[str, LowRankPair]:
        layers = self._stack._in_training[self._id].layers
        return {
            path: LowRankPair(layer.lora_A[self._id].weight, layer.lora_B[self._id].weight)
            for path, layer in layers.items()
        }


@contextmanager
def _only_trainable(network: torch.nn.Module, parameters: Sequence[torch.nn.Parameter]) -> Iterator[None]:
    """Make ``parameters`` alone trainable and switch dropout off, for a while."""
    frozen = [parameter for parameter in network.parameters() if parameter.requires_grad]
    training = [module for module in network.modules() if module.training]
    _set_flags(frozen, training, on=False)
    for parameter in parameters:
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(False)
        _set_flags(frozen, training, on=True)


def _set_flags(parameters: Sequence[torch.nn.Parameter], modules: Sequence[torch.nn.Module], *, on: bool) -> None:
    for parameter in parameters:
        parameter.requires_grad_(on)
    for module in modules:
        module.training = on
