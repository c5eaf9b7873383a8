"""An adapter that is being trained: its parameters, the only trainable ones while the model is held for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

from cocolora.core.ids import derive_seed
from cocolora.stack.files import LowRankPair
from cocolora.stack.slots import Delta


class Draft:
    """The weights of an unfinished adapter, float32, each pair on its layer's device."""

    def __init__(
        self,
        layers: Mapping[str, tuple[int, int]],
        *,
        rank: int,
        alpha: float,
        seed: int,
        device: Callable[[str], torch.device],
    ) -> None:
        """Draw A as PEFT does, uniform in ±1/sqrt(inputs), and set B to zero: by ``seed`` and the path alone.

        ``layers`` maps paths to (outputs, inputs). The global random state stays as it is.
        """
        self.scale = alpha / rank
        self._pairs: dict[str, tuple[torch.nn.Parameter, torch.nn.Parameter]] = {}
        with torch.inference_mode(False):
            for path, (outputs, inputs) in layers.items():
                drawn = torch.rand(rank, inputs, generator=torch.Generator().manual_seed(derive_seed(seed, path)))
                a = ((2 * drawn - 1) / math.sqrt(inputs)).to(device(path))
                b = torch.zeros(outputs, rank, device=device(path))
                self._pairs[path] = (
                    torch.nn.Parameter(a, requires_grad=False),
                    torch.nn.Parameter(b, requires_grad=False),
                )

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        """A and B of each layer, in the network's order."""
        return [weight for pair in self._pairs.values() for weight in pair]

    @property
    def deltas(self) -> dict[str, Delta]:
        """The change it makes to each layer; gradients pass through."""
        return {path: Delta(a, b, self.scale) for path, (a, b) in self._pairs.items()}

    @property
    def pairs(self) -> dict[str, LowRankPair]:
        """The weights, to be written."""
        return {path: LowRankPair(a, b) for path, (a, b) in self._pairs.items()}


@contextmanager
def only_trainable(network: torch.nn.Module, parameters: Sequence[torch.nn.Parameter]) -> Iterator[None]:
    """Make ``parameters`` alone trainable and switch dropout off, for a while; gradients are as before then."""
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
