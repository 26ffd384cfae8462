"""Cost of an encoder: parameters, multiply-adds of an image, and the bytes that training keeps for the backward pass."""

import torch
from pydantic import PositiveInt
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading.objects import images
from selfsup.nn.encoder import load_encoder
from selfsup.nn.saved_bytes import SavedBytes
from selfsup.results import Measure

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Cost of the encoder",
    "labels": "no labels",
    "metrics": {
        "parameters": {"title": "parameters", "unit": "thousand", "better": "lower"},
        "multiply_adds": {"title": "multiply-adds", "unit": "million an image", "better": "lower", "decimals": 2},
        "saved_bytes": {"title": "kept for the backward pass", "unit": "kB an image", "better": "lower"},
    },
    "figures": [{"kind": "against", "metric": "multiply_adds", "against": "linear_probe"}],
    "note": "Counts, equal on every machine: multiply-adds of convolutions and matrix products, and the tensors that one forward "
    "pass in training keeps for its gradient, without parameters. Features by formula count as far as they are convolutions.",
}


def evaluate(inputs: Inputs, *, batch_size: PositiveInt) -> list[Measure]:
    """Return ``parameters`` in thousands, ``multiply_adds`` in millions and ``saved_bytes`` in kilobytes an image.

    Args:
        batch_size: images of the forward pass that is counted; what does not depend on their number is shared by them.

    Source: torch.utils.flop_counter for multiply-adds, half of its operations.
    """
    batch = images(inputs.target / "test.h5")[:batch_size]
    encoder = load_encoder(inputs.weights)
    return [
        Measure("parameters", "thousand", sum(p.numel() for p in encoder.parameters()) / 1e3, len(batch)),
        Measure("multiply_adds", "million an image", multiply_adds(encoder, batch) / 1e6, len(batch)),
        Measure("saved_bytes", "kB an image", saved_bytes(encoder, batch) / 1e3, len(batch)),
    ]


@torch.no_grad()
def multiply_adds(encoder: nn.Module, images: torch.Tensor) -> float:
    """Return the multiply-adds of one of images (N, 3, H, W)."""
    with FlopCounterMode(display=False) as counter:
        encoder(images)
    return counter.get_total_flops() / 2 / len(images)


def saved_bytes(encoder: nn.Module, images: torch.Tensor) -> float:
    """Return the bytes of one of images (N, 3, H, W) that a forward pass in training keeps for its backward pass."""
    encoder.train()
    with SavedBytes(encoder) as saved:
        encoder(images)
    return saved.total / len(images)
