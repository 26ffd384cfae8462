"""LARS, the optimiser of large batches: each layer's step is a set part of the size of its weights."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

TRUST = 0.001


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling with momentum, over torch's parameter groups (``lr``, ``weight_decay``).

    With g the gradient and b the weight decay, a weight w of two dimensions or more moves by v, where
    v <- momentum v + lr r (g + b w), w <- w - v, r = 0.001 |w| / |g + b w|, or 1 where a norm is 0. Norms and biases
    (one dimension or none) are not adapted: r = 1.

    Source: You et al. 2017 (LARS), algorithm 1; Chen et al. 2020 (SimCLR), section 2.2 and its published code.
    Differs: r is divided by |g + b w|, as in SimCLR's code, where You et al. have |g| + b |w|.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, lr: float, momentum: float) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient; ``closure`` is torch's and stays unused."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)

    def _move(self, parameter: nn.Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        wanted = gradient + group["weight_decay"] * parameter
        state = self.state[parameter]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter)
        rate = group["lr"] * _trust_ratio(parameter, wanted)
        state["velocity"].mul_(group["momentum"]).add_(rate * wanted)
        parameter.sub_(state["velocity"])


def _trust_ratio(parameter: Tensor, wanted: Tensor) -> Tensor:
    """Return r, a scalar on the parameter's device, so that nothing waits for the device."""
    one = torch.ones((), dtype=parameter.dtype, device=parameter.device)
    if parameter.ndim <= 1:
        return one
    of_weight, of_wanted = parameter.norm(), wanted.norm()
    return torch.where((of_weight > 0) & (of_wanted > 0), TRUST * of_weight / of_wanted, one)
