"""The loss of contrastive predictive coding, on a grid of patches or along time: InfoNCE for each number of steps ahead."""

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
    rows = latents.shape[1]
    steps = [
        _step(predicted[:, : rows - k].flatten(0, 2), latents[:, k:].flatten(0, 2))  # both (N (R - k) C, D)
        for k, predicted in enumerate(predictions, start=1)
    ]
    return _stacked(steps)


def cpc_at(latents: Tensor, predictions: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss (K,) and the accuracy (K,) of each step along time, for A contexts of each sequence.

    ``latents`` z (N, T, D); ``time`` (N, A), where the contexts are, each below T - K; ``predictions`` (K, N, A, D) holds
    W_k c at [k - 1]. The prediction at time t is right about z at t + k; what the other contexts predict, k after them in
    the same sequence and in the others, are its negatives. Two contexts of a sequence at one time are none to each other.
    A step's loss is the mean over its N A predictions. Computed in float32 at least, under autocast too.

    Source: van den Oord et al. 2018 (CPC), equations 3 and 4, section 3.1.
    """
    place = (time + latents.shape[1] * torch.arange(len(time), device=time.device)[:, None]).flatten()  # (N A,) in N T
    twin = (place[:, None] == place).fill_diagonal_(False)  # (N A, N A)
    every = latents.flatten(0, 1)  # (N T, D)
    steps = [_step(predicted.flatten(0, 1), every[place + k], twin) for k, predicted in enumerate(predictions, start=1)]
    return _stacked(steps)


def _step(asked: Tensor, candidates: Tensor, left_out: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return the loss and the accuracy of predictions (M, D), whose right answer is the candidate (M, D) of the same row.

    ``left_out`` (M, M) says which candidates do not count for which prediction.
    """
    precise = torch.promote_types(candidates.dtype, torch.float32)
    with torch.autocast(candidates.device.type, enabled=False):
        logits = asked.to(precise) @ candidates.to(precise).T  # log f_k of equation 3
        if left_out is not None:
            logits = logits.masked_fill(left_out, -torch.inf)
        answer = torch.arange(len(logits), device=logits.device)
        return F.cross_entropy(logits, answer), (logits.detach().argmax(1) == answer).to(precise).mean()


def _stacked(steps: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    return torch.stack([loss for loss, _ in steps]), torch.stack([accuracy for _, accuracy in steps])
