"""The loss of contrastive predictive coding on a grid of patches: InfoNCE for each number of rows predicted."""

import torch
from torch import Tensor
from torch.nn import functional as F


def cpc(latents: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss (K,) and the accuracy (K,) of each step: step k predicts k rows ahead, k = 1 to K.

    ``latents`` z (N, R, C, D) are the patches' features, R rows from top to bottom; ``predictions`` (K, N, R, C, D) holds
    W_k c at [k - 1]. The prediction of row r and column j is right about z at row r + k, column j, of its image; all other
    patches of rows k + 1 to R, of its own image and of the others, are its negatives. A step's loss is the mean over its
    N (R - k) C predictions. Computed in float32 at least, under autocast too.

    Source: van den Oord et al. 2018 (CPC), equations 3 and 4, section 3.3.
    """
    precise = torch.promote_types(latents.dtype, torch.float32)
    rows = latents.shape[1]
    losses, accuracies = [], []
    with torch.autocast(latents.device.type, enabled=False):
        for k, predicted in enumerate(predictions.to(precise), start=1):
            asked = predicted[:, : rows - k].flatten(0, 2)
            candidates = latents[:, k:].flatten(0, 2).to(precise)
            logits = asked @ candidates.T  # log f_k of equation 3
            answer = torch.arange(len(logits), device=logits.device)
            losses.append(F.cross_entropy(logits, answer))
            accuracies.append((logits.detach().argmax(1) == answer).to(precise).mean())
    return torch.stack(losses), torch.stack(accuracies)
