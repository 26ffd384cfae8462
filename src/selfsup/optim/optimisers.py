"""Optimisers and the learning rate's course, shared by pretraining and fine-tuning."""

import math

import torch
from torch import nn

from selfsup.optim.lars import LARS

REFERENCE_BATCH = 256


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

    ``momentum`` is SGD's and LARS's, 0 unless given; ``beta1`` AdamW's decay of the mean gradient, 0.9 unless given.
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
    Differs: the paper's two rules meet at a batch of 4096 (0.3 N / 256 and 0.075 sqrt N), ours at 256, so that a sweep
    over batch sizes starts where both are the recipe's own rate.
    """
    times = batch_size / REFERENCE_BATCH
    return learning_rate * {"constant": 1.0, "linear": times, "square_root": math.sqrt(times)}[rule]


def warmup_cosine(step: int, total_steps: int, warmup_fraction: float) -> float:
    """Return the factor on the learning rate at a step: linear warm-up, then half a cosine down to zero.

    Source: Loshchilov and Hutter 2017 (SGDR), with the linear warm-up of Goyal et al. 2017.
    """
    warmup = round(total_steps * warmup_fraction)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total_steps - warmup)))
