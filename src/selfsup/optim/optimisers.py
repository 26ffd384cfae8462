"""Optimisers, LARS among them, and the schedule of the learning rate."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

REFERENCE_BATCH = 256
TRUST = 0.001


def optimiser(
    parameters: dict[str, nn.Parameter],
    *,
    name: str,
    learning_rate: float,
    weight_decay: float,
    momentum: float | None = None,
    beta1: float | None = None,
) -> torch.optim.Optimizer:
    """Return AdamW, SGD or LARS over named parameters; norms and biases (one dimension or none) are not decayed.

    ``momentum`` is of SGD and LARS, by default 0; ``beta1`` is AdamW's decay of the mean gradient, by default 0.9.
    """
    decayed = [p for p in parameters.values() if p.ndim > 1]
    free = [p for p in parameters.values() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9 if beta1 is None else beta1, 0.999))
    if name == "lars":
        return LARS(groups, lr=learning_rate, momentum=momentum or 0.0)
    return torch.optim.SGD(groups, lr=learning_rate, momentum=momentum or 0.0)


def scaled_learning_rate(learning_rate: float, rule: str, batch_size: int) -> float:
    """Return the learning rate of a batch size: ``linear`` in it or its ``square_root``, equal at 256, or ``constant``.

    Source: Chen et al. 2020 (SimCLR), section 2.2 and appendix B.1.
    Differs: the paper's two rules are equal at a batch of 4096 (0.3 N / 256 and 0.075 sqrt N), ours at 256, where both
    are the recipe's rate.
    """
    ratio = batch_size / REFERENCE_BATCH
    return learning_rate * {"constant": 1.0, "linear": ratio, "square_root": math.sqrt(ratio)}[rule]


def warmup_cosine(step: int, total_steps: int, warmup_fraction: float) -> float:
    """Return the factor on the learning rate at a step: linear warm-up, then half a cosine down to zero.

    Source: Loshchilov and Hutter 2017 (SGDR), with the linear warm-up of Goyal et al. 2017.
    """
    warmup = round(total_steps * warmup_fraction)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total_steps - warmup)))


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling with momentum, over torch's parameter groups (``lr``, ``weight_decay``).

    With g the gradient and b the weight decay, a weight w of two dimensions or more changes by -v, where
    v <- momentum v + lr r (g + b w), w <- w - v, r = 0.001 |w| / |g + b w|, or 1 where a norm is 0. Norms and biases
    (one dimension or none) are not adapted: r = 1.

    Source: You et al. 2017 (LARS), algorithm 1; Chen et al. 2020 (SimCLR), section 2.2 and its published code.
    Differs: r is divided by |g + b w|, as in SimCLR's code, where You et al. have |g| + b |w|.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, lr: float, momentum: float) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient; ``closure`` is torch's and not used."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)

    def _update(self, parameter: nn.Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        direction = gradient + group["weight_decay"] * parameter
        state = self.state[parameter]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter)
        rate = group["lr"] * _trust_ratio(parameter, direction)
        state["velocity"].mul_(group["momentum"]).add_(rate * direction)
        parameter.sub_(state["velocity"])


def _trust_ratio(parameter: Tensor, direction: Tensor) -> Tensor:
    """Return r, a scalar on the parameter's device, to avoid synchronisation."""
    one = torch.ones((), dtype=parameter.dtype, device=parameter.device)
    if parameter.ndim <= 1:
        return one
    weight_norm, direction_norm = parameter.norm(), direction.norm()
    return torch.where((weight_norm > 0) & (direction_norm > 0), TRUST * weight_norm / direction_norm, one)
