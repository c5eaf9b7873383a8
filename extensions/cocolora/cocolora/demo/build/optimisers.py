"""Muon: momentum whose matrix updates are made orthogonal (Newton-Schulz), for matrices of equal shapes at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Muon for two-dimensional weights. ``lr`` is the change per step, in units of the update's spectral norm.

    Source: https://kellerjordan.github.io/posts/muon/.
    """

    def __init__(self, weights: Iterable[torch.nn.Parameter], *, lr: float, momentum: float = 0.95) -> None:
        super().__init__(list(weights), {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Change every weight by its orthogonalised Nesterov momentum."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.nn.Parameter]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    shapes[weight.shape].append(weight)
            for weights in shapes.values():
                self._step_alike(weights, lr=group["lr"], momentum=group["momentum"])

    def _step_alike(self, weights: list[torch.nn.Parameter], *, lr: float, momentum: float) -> None:
        steps = []
        for weight in weights:
            assert weight.grad is not None
            speed = self.state[weight].setdefault("speed", torch.zeros_like(weight))
            speed.lerp_(weight.grad, 1 - momentum)
            steps.append(weight.grad.lerp(speed, momentum))
        rows, columns = weights[0].shape
        scale = max(1.0, rows / columns) ** 0.5
        for weight, update in zip(weights, orthogonal(torch.stack(steps)), strict=True):
            weight.add_(update.to(weight.dtype), alpha=-lr * scale)


def orthogonal(matrices: torch.Tensor, *, rounds: int = 5) -> torch.Tensor:
    """Return the nearly orthogonal matrices to ``matrices``, which are (count, rows, columns), in bfloat16."""
    a, b, c = _COEFFICIENTS
    wide = matrices.size(1) <= matrices.size(2)
    x = (matrices if wide else matrices.mT).bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(rounds):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: torch.Tensor = x if wide else x.mT
    return result
