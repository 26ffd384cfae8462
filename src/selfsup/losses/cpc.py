"""Contrastive predictive coding on a grid of patches or along time: InfoNCE for each number of steps ahead."""

import torch
from torch import Tensor
from torch.nn import functional as F


def cpc(latents: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss (K,) and the accuracy (K,) of each step: step k predicts k rows ahead, k = 1 to K.

    ``latents`` z (N, R, C, D) are the embeddings of patches, R rows from top to bottom; ``predictions`` (K, N, R, C, D) is
    W_k c at [k - 1]. The positive of the prediction at row r, column j is z at row r + k, column j of the same image; its
    negatives are all other patches of rows k + 1 to R, of all images. A step's loss is the mean over its N (R - k) C
    predictions. Computed in float32 at least, under autocast too.

    Source: van den Oord et al. 2018 (CPC), equations 3 and 4, section 3.2.
    """
    rows = latents.shape[1]
    steps = [
        _step(predicted[:, : rows - k].flatten(0, 2), latents[:, k:].flatten(0, 2))  # both (N (R - k) C, D)
        for k, predicted in enumerate(predictions, start=1)
    ]
    losses, accuracies = zip(*steps, strict=True)
    return torch.stack(losses), torch.stack(accuracies)


def cpc_at(latents: Tensor, predictions: Tensor, time: Tensor, sources: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss (K,) and the accuracy (K,) of each step along time, for A contexts of each sequence.

    ``latents`` z (N, T, D); ``time`` (N, A) is the time of each context, below T - K; ``predictions`` (K, N, A, D) is W_k c
    at [k - 1]. The positive of the prediction at time t is z at t + k; its negatives are the positives of the other
    contexts of the sequences that its row of ``sources`` (N, N) bool names, except a context of its own sequence at the
    same time. A step's loss is the mean over its N A predictions; one without negatives adds 0 and counts as accurate.
    Computed in float32 at least, under autocast too.

    Source: van den Oord et al. 2018 (CPC), equations 3 and 4, section 3.1; table 2 for the sources of negatives.
    """
    position = (time + latents.shape[1] * torch.arange(len(time), device=time.device)[:, None]).flatten()  # (N A,)
    exclude_mask = ~negatives_at(time, sources).fill_diagonal_(True)  # (N A, N A)
    every = latents.flatten(0, 1)  # (N T, D)
    steps = [
        _step(predicted.flatten(0, 1), every[position + k], exclude_mask)
        for k, predicted in enumerate(predictions, start=1)
    ]
    losses, accuracies = zip(*steps, strict=True)
    return torch.stack(losses), torch.stack(accuracies)


def negatives_at(time: Tensor, sources: Tensor) -> Tensor:
    """Return which contexts (columns) give a negative to which prediction (rows), bool (N A, N A); see ``cpc_at``."""
    sequence = torch.arange(len(time), device=time.device).repeat_interleave(time.shape[1])  # (N A,)
    same_sequence = sequence[:, None] == sequence
    same_time = time.flatten()[:, None] == time.flatten()
    return sources[sequence][:, sequence] & ~(same_sequence & same_time)


def _step(predicted: Tensor, candidates: Tensor, exclude_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return the loss and the accuracy of predictions (M, D), whose positives are the candidates (M, D) of the same row.

    ``exclude_mask`` (M, M) bool excludes candidates (columns) from the negatives of a prediction (row).
    """
    compute_dtype = torch.promote_types(candidates.dtype, torch.float32)
    with torch.autocast(candidates.device.type, enabled=False):
        logits = predicted.to(compute_dtype) @ candidates.to(compute_dtype).T  # log f_k of equation 3
        if exclude_mask is not None:
            logits = logits.masked_fill(exclude_mask, -torch.inf)
        target = torch.arange(len(logits), device=logits.device)
        return F.cross_entropy(logits, target), (logits.detach().argmax(1) == target).to(compute_dtype).mean()
