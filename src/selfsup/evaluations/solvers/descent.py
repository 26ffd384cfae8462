"""Fine-tuning by gradient descent: one fixed schedule for every initialisation, and nothing selected by a score."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from selfsup.optim.optimisers import optimiser, warmup_cosine

Loss = Callable[[Tensor, torch.Generator], Tensor]  # of the examples of a step (n,), with its random numbers


@dataclass(frozen=True)
class Descent:
    """AdamW and its schedule, as in the keys of the evaluations that fine-tune."""

    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_fraction: float


def minimise(
    model: nn.Module, loss: Loss, examples: int, rng: torch.Generator, total_steps: int, descent: Descent
) -> None:
    """Train all parameters of the model that require a gradient on a loss of M ``examples``, in training mode."""
    trainable = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    adamw = optimiser(trainable, name="adamw", learning_rate=descent.learning_rate, weight_decay=descent.weight_decay)
    model.train()
    for step, index in enumerate(batches(examples, total_steps, descent.batch_size, rng)):
        for group in adamw.param_groups:
            group["lr"] = descent.learning_rate * warmup_cosine(step, total_steps, descent.warmup_fraction)
        value = loss(index, rng)
        adamw.zero_grad()
        value.backward()
        adamw.step()


def batches(examples: int, total_steps: int, batch_size: int, rng: torch.Generator) -> tuple[Tensor, ...]:
    """Return indices (batch_size,) for every step, from consecutive shuffled passes over all examples."""
    passes = math.ceil(total_steps * batch_size / examples)
    order = torch.cat([torch.randperm(examples, generator=rng) for _ in range(passes)])
    return order[: total_steps * batch_size].split(batch_size)
