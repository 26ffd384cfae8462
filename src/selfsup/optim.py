"""Optimisers and the learning rate's course, shared by pretraining and fine-tuning."""

import math

import torch
from torch import nn


def optimiser(
    parameters: dict[str, nn.Parameter],
    *,
    name: str,
    learning_rate: float,
    weight_decay: float,
    momentum: float | None = None,
) -> torch.optim.Optimizer:
    """Return torch's AdamW or SGD over named parameters; norms and biases (one dimension or none) are not decayed."""
    decayed = [p for p in parameters.values() if p.ndim > 1]
    free = [p for p in parameters.values() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=learning_rate)
    return torch.optim.SGD(groups, lr=learning_rate, momentum=momentum or 0.0)


def warmup_cosine(step: int, total_steps: int, warmup_fraction: float) -> float:
    """Return the factor on the learning rate at a step: linear warm-up, then half a cosine down to zero.

    Source: Loshchilov and Hutter 2017 (SGDR), with the linear warm-up of Goyal et al. 2017.
    """
    warmup = round(total_steps * warmup_fraction)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total_steps - warmup)))
