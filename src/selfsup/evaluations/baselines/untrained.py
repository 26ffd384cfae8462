"""An untrained encoder: the architecture alone, the baseline of every pretext task."""

import torch
from torch import Tensor, nn

from selfsup.nn.encoder import Encoder, build
from selfsup.seeds import derive

Description = dict[str, str | int | float | bool]


def untrained_encoder(description: Description, images: Tensor, seed: int, batch_size: int) -> Encoder:
    """Return a freshly initialised encoder, in evaluation mode, its BatchNorm statistics those of images (N, 3, H, W).

    Without that calibration the statistics say mean 0, variance 1, and an untrained network would lose for a reason
    that has nothing to do with training. The global generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "untrained"))
        encoder = build(description).to(images.device)
    calibrate(encoder, images, batch_size)
    return encoder.eval()


@torch.no_grad()
def calibrate(encoder: Encoder, images: Tensor, batch_size: int) -> None:
    """Set every BatchNorm's running statistics to the mean over batches of images; no weight changes."""
    norms = [part for part in encoder.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for the plain average over all batches
    encoder.train()
    for batch in images.split(batch_size):
        encoder(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
