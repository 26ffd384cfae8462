"""A measure of collapse: whether a method's embeddings still differ from one another."""

import torch
from torch import Tensor
from torch.nn import functional as F


@torch.no_grad()
def embedding_std(z: Tensor) -> Tensor:
    """Return the spread of embeddings z (N, D) on the unit sphere, a scalar: 1 if isotropic, 0 if all are equal.

    It is the standard deviation over the batch of the l2-normalised embedding, its mean over dimensions, times sqrt(D).

    Source: Chen and He 2021 (SimSiam), section 4.1, where 1 / sqrt(D) stands for isotropic.
    """
    return F.normalize(z.float(), dim=1).std(0, correction=0).mean() * z.shape[1] ** 0.5
