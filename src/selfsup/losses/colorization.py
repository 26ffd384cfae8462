"""Losses of colorization: cross entropy with soft targets over ab bins, and squared error of ab."""

import torch
from torch import Tensor
from torch.nn import functional as F


def soft_cross_entropy(logits: Tensor, index: Tensor, weight: Tensor, class_weight: Tensor | None = None) -> Tensor:
    """Return the mean over N images and H x W pixels of v(Z) times the cross entropy of a target Z to the logits.

    ``logits`` (N, Q, H, W). The target of a pixel is ``weight`` (N, k, H, W), which sums to 1 over k, on the bins
    ``index`` (N, k, H, W) int64; v(Z) is the ``class_weight`` (Q,) of its largest bin, 1 without class weights.
    Computed in float32 at least.

    Source: Zhang et al. 2016 (Colorful image colorization), equations 2 and 3.
    Differs: the mean over pixels and images in place of the sum, so that the learning rate does not depend on size.
    """
    with torch.autocast(logits.device.type, enabled=False):
        log_probability = F.log_softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), dim=1)
        entropy = -(weight * log_probability.gather(1, index)).sum(1)
        if class_weight is not None:
            largest = index.gather(1, weight.argmax(1, keepdim=True))[:, 0]
            entropy = class_weight[largest] * entropy
        return entropy.mean()


def squared_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the mean over N images and H x W pixels of half the squared distance of ``predicted`` ab to ``target``.

    Both are (N, 2, H, W) in the same unit. Computed in float32 at least.

    Source: Zhang et al. 2016, equation 1. Differs: the mean over pixels and images in place of the sum.
    """
    with torch.autocast(predicted.device.type, enabled=False):
        predicted = predicted.to(torch.promote_types(predicted.dtype, torch.float32))
        return ((predicted - target) ** 2).sum(1).mean() / 2
