"""The live stack: adapters attached to the loaded model, made active, weighed, trained and taken off again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from cocolora.core.adapters import Recipe
from cocolora.core.ports import LanguageModel
from cocolora.errors import AdapterDamaged, BaseMismatch, CannotTrain, UnknownId
from cocolora.stack.files import AdapterFiles, read_adapter, read_plain, write_adapter
from cocolora.stack.manifest import Manifest
from cocolora.stack.mixing import mix
from cocolora.stack.shelf import Shelf
from cocolora.stack.slots import Delta, Slots
from cocolora.stack.targets import has_foreign_adapters, short_targets
from cocolora.stack.unfinished import Draft, only_trainable

Weights = tuple[tuple[str, float], ...]

MEMORY_BYTES = 1_000_000_000


class LiveStack:
    """Adapters on a live model; implements ``core.ports.Stack`` and ``core.ports.TrainingStack``.

    Attached adapters wait on a shelf, outside of the network; those that are active stand in its layers' slots as
    one adapter. So what a reply costs depends on what is active, never on what is attached, and nothing of the
    host's network is replaced or merged into.
    """

    def __init__(self, model: LanguageModel, *, memory_bytes: int = MEMORY_BYTES) -> None:
        """Take the loaded model; nothing is done to it yet. The shelf keeps to ``memory_bytes``."""
        self._model = model
        self._shelf = Shelf(memory_bytes)
        self._slots = Slots(model.network)
        self._in_training: set[str] = set()
        self._active: Weights = ()

    @property
    def attached(self) -> tuple[str, ...]:
        """The ids of the adapters that are attached."""
        return self._shelf.ids

    @property
    def active(self) -> Weights:
        """The adapters that take part, with their weights."""
        return self._active

    @property
    def size_bytes(self) -> int:
        """What the attached adapters take in memory; those that were not used for long are on disk alone."""
        return self._shelf.size_bytes

    def attach(self, adapter_id: str, folder: Path) -> None:
        """Attach an adapter's files, inactive; attached twice, it is attached.

        Everything is checked before the network is touched. Raises AdapterMissing, AdapterDamaged, BaseMismatch,
        and CannotTrain where the host's own adapters are in the way.
        """
        if adapter_id in self._shelf:
            return
        adapter = read_adapter(folder, adapter_id=adapter_id)
        with self._model.exclusive():
            self._refuse_foreign()
            self._check(adapter, adapter_id)
            self._shelf.put(adapter_id, folder, adapter)

    def detach(self, adapter_id: str) -> None:
        """Take an adapter off; with the last one gone the network is as the host loaded it. Raises UnknownId."""
        with self._model.exclusive():
            self._known(adapter_id)
            left = tuple(pair for pair in self._active if pair[0] != adapter_id)
            if left == self._active:
                self._shelf.drop(adapter_id)
                return
            self._switch(())  # mixing the others may fail, for want of memory or a file: then none is active
            self._shelf.drop(adapter_id)
            self._switch(left)

    def activate(self, weights: Sequence[tuple[str, float]]) -> None:
        """Make exactly these attached adapters active, with their weights; zero is as good as absent.

        Raises UnknownId for one that is not attached, AdapterMissing and AdapterDamaged for one whose files were
        needed again and are not what they were, and then changes nothing.
        """
        with self._model.exclusive():
            self._known(*(adapter_id for adapter_id, _ in weights))
            if tuple(weights) != self._active:
                self._switch(tuple(weights))

    def lend(
        self, adapter_id: str, *, recipe: Recipe, beneath: Sequence[tuple[str, float]]
    ) -> Callable[[Path, Path], None]:
        """Prepare the network for a training of the host's, on top of attached adapters; return what takes it in.

        That is called with the folder of PEFT's files and the folder to write to, and raises AdapterMissing and
        AdapterDamaged. What the network is must be noted before: the host puts layers of its own in the place of its
        layers. The caller holds the model. Raises CannotTrain, UnknownId.
        """
        self._refuse_foreign()
        self.activate(beneath)  # by hooks on the layers, which the host's own layers keep
        layers = self._model.layers
        targets = short_targets(self._model.network, layers)
        manifest = Manifest(adapter_id=adapter_id, base=self._model.identity, recipe=recipe)

        def take_in(trained: Path, folder: Path) -> None:
            adapter = read_plain(trained, adapter_id=adapter_id, manifest=manifest)
            _check_shapes(adapter, layers, adapter_id=adapter_id)
            write_adapter(folder, adapter.layers, alpha=adapter.alpha, targets=targets, manifest=manifest)

        return take_in

    def let_go(self) -> None:
        """Keep no reference to the network's layers; this stack cannot be used afterwards."""
        self._slots.let_go()

    @contextmanager
    def activated(self, weights: Sequence[tuple[str, float]]) -> Iterator[None]:
        """Hold the model with exactly these adapters active, then restore what was active."""
        with self._model.exclusive():
            before = self._active
            self.activate(weights)
            try:
                yield
            finally:
                self.activate(tuple(pair for pair in before if pair[0] in self._shelf))

    @contextmanager
    def unfinished(
        self, adapter_id: str, *, recipe: Recipe, beneath: Sequence[tuple[str, float]]
    ) -> Iterator[_Unfinished]:
        """Create an adapter for training, on top of attached ones; nothing of it stays on the model at the end.

        Its weights at the start depend on the recipe's seed alone. Raises CannotTrain and UnknownId.
        """
        with self._model.exclusive():
            self._known(*(below for below, _ in beneath))
            self._refuse_foreign()
            if adapter_id in self._shelf or adapter_id in self._in_training:
                raise CannotTrain(f'adapter "{adapter_id}" is on the model already', "Detach it first.")
            layers = self._model.layers
            if not layers:
                raise CannotTrain("it has no linear layers to adapt", "Load a causal language model of another kind.")
            draft = Draft(layers, rank=recipe.rank, alpha=recipe.alpha, seed=recipe.seed, device=self._slots.device)
            self._in_training.add(adapter_id)
        try:
            yield _Unfinished(self, adapter_id, draft=draft, recipe=recipe, beneath=tuple(beneath))
        finally:
            self._in_training.discard(adapter_id)

    def _check(self, adapter: AdapterFiles, adapter_id: str) -> None:
        identity, trained_on = self._model.identity, adapter.manifest.base
        if trained_on.fingerprint != identity.fingerprint:
            raise BaseMismatch(adapter_id, trained_on=str(trained_on), loaded=str(identity))
        _check_shapes(adapter, self._model.layers, adapter_id=adapter_id)

    def _refuse_foreign(self) -> None:
        if has_foreign_adapters(self._model.network):
            raise CannotTrain(
                "the host has put LoRAs of its own on it", "Take them off in the host's model menu, then try again."
            )

    def _known(self, *adapter_ids: str) -> None:
        for adapter_id in adapter_ids:
            if adapter_id not in self._shelf:
                raise UnknownId("attached adapter", adapter_id)

    def _switch(self, weights: Weights) -> None:
        mixed = self._mix(weights)  # whatever can fail has failed before a slot changes
        self._slots.fill({path: (delta,) for path, delta in mixed.items()})
        self._active = weights

    def _mix(self, weights: Weights) -> dict[str, Delta]:
        held = self._shelf.take(adapter_id for adapter_id, _ in weights)
        strengths = (weight for _, weight in weights)
        return mix(list(zip(held, strengths, strict=True)), device=self._slots.device)


def _check_shapes(adapter: AdapterFiles, layers: Mapping[str, tuple[int, int]], *, adapter_id: str) -> None:
    for path, pair in adapter.layers.items():
        shape = layers.get(path)
        if shape != (pair.b.shape[0], pair.a.shape[1]):
            found = f"is {shape[0]} by {shape[1]}" if shape else "is not there"
            raise AdapterDamaged(adapter_id, f'"{path}" {found} in the model, and does not fit')


class _Unfinished:
    """An adapter that is being trained; implements ``core.ports.UnfinishedAdapter``."""

    def __init__(self, stack: LiveStack, adapter_id: str, *, draft: Draft, recipe: Recipe, beneath: Weights) -> None:
        self._stack = stack
        self._id = adapter_id
        self._draft = draft
        self._recipe = recipe
        self._beneath = beneath

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        """A and B of each layer, in the network's order, float32."""
        return self._draft.parameters

    @contextmanager
    def open(self) -> Iterator[None]:
        """Hold the model with this adapter, on those beneath it, active and alone trainable; then restore all."""
        stack = self._stack
        with stack._model.exclusive():
            stack._known(*(below for below, _ in self._beneath))
            below, before = stack._mix(self._beneath), stack._slots.content
            own = self._draft.deltas
            try:
                stack._slots.fill({path: (*_one(below.get(path)), delta) for path, delta in own.items()})
                with only_trainable(stack._model.network, self.parameters):
                    yield
            finally:
                stack._slots.fill(before)

    def write(self, folder: Path) -> None:
        """Write PEFT files and a manifest into ``folder``, made visible in one step."""
        network, pairs = self._stack._model.network, self._draft.pairs
        manifest = Manifest(adapter_id=self._id, base=self._stack._model.identity, recipe=self._recipe)
        targets = short_targets(network, pairs)
        write_adapter(folder, pairs, alpha=self._recipe.alpha, targets=targets, manifest=manifest)


def _one(delta: Delta | None) -> tuple[Delta, ...]:
    return () if delta is None else (delta,)
