"""A method's own untrained start: its initialisation, with BatchNorm's statistics of its own views."""

import torch
from torch import Tensor, nn

from selfsup.methods.base import Method, Step
from selfsup.seeds import derive, generator
from selfsup.training.source import Source


@torch.no_grad()
def measure_statistics(method: Method, train: Source, seed: int, batch_size: int) -> None:
    """Set the running statistics of every BatchNorm that would train to the plain average over one epoch of views.

    With the statistics of initialisation an untrained network's features would be badly scaled, and the floor too low.
    BatchNorm that the method keeps frozen stays as it is; where there is no other, no view is made.

    Source: Jarrett et al. 2009: random filters as a baseline for learned ones.
    """
    modules = method.train().modules()
    norms = [m for m in modules if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.training]
    for norm in norms:
        norm.momentum = None  # torch's name for a cumulative average
    order = torch.randperm(len(train), generator=generator(seed, "order", 0))
    batches = [index for index in order.split(batch_size) if len(index) == batch_size] if norms else []
    for number, index in enumerate(batches):
        torch.manual_seed(derive(seed, "step", number))
        draws = method.draw(len(index), generator(seed, "views", number))
        views = method.views(train.rows(index), {name: draw.to(train.device) for name, draw in draws.items()})
        extras: dict[str, Tensor] = {}
        for objective in method.objectives().values():
            extras |= objective.loss(views, extras, Step(number, len(batches))).extras
