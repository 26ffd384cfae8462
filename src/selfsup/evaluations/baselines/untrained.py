"""The untrained encoder: the architecture alone, a baseline of pretext tasks and of inpainting."""

import json
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn

from selfsup.nn.encoder import Encoder, build
from selfsup.seeds import derive


def untrained_encoder(weights: Path, images: Tensor, seed: int, batch_size: int) -> Encoder:
    """Return a run's encoder newly initialised, in evaluation mode, with the BatchNorm statistics of images (N, 3, H, W),
    the mean over batches. The global generator is unchanged."""
    description = json.loads((weights / "encoder.json").read_text(encoding="utf-8"))["description"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "untrained"))
        encoder = build(description).to(images.device)
    update_bn(images.split(batch_size), encoder)
    return encoder.eval()
