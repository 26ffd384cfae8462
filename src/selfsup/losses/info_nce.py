"""InfoNCE: of queries against a queue, of images and captions both ways, and as a bound on mutual information."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(
    query: Tensor, key: Tensor, queue: Tensor, temperature: float, exclude_mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each query is nearer to its key than to every negative, bool (N,).

    ``query`` and ``key`` (N, D), paired row by row, and ``queue`` (K, D) are unit vectors. The loss is the mean over the
    N queries of a (1 + K)-way cross entropy. Keys and queue receive no gradient. ``exclude_mask`` (N, K) bool excludes
    entries of the queue from the negatives of a query. Computed in float32 at least, under autocast too: bfloat16 has
    8 bits, and dividing by the temperature amplifies its rounding errors.

    Source: He et al. 2020 (MoCo), equation 1 and algorithm 1.
    """
    compute_dtype = torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(query.device.type, enabled=False):
        query, key, queue = (rows.to(compute_dtype) for rows in (query, key, queue))
        positive = (query * key.detach()).sum(1, keepdim=True)
        negatives = query @ queue.detach().T
        if exclude_mask is not None:
            negatives = negatives.masked_fill(exclude_mask, -torch.inf)
        logits = torch.cat([positive, negatives], dim=1) / temperature
        target = torch.zeros(len(query), dtype=torch.long, device=query.device)  # the key is column 0
        return F.cross_entropy(logits, target), (positive > negatives).all(1)


def clip(image: Tensor, text: Tensor, logit_scale: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each retrieves its pair, bool (2N,): captions by images, then images by captions.

    ``image`` and ``text`` (N, D) are paired row by row and need not be normalised; ``logit_scale`` is the logarithm of
    the factor of the cosines, one over the temperature. The loss is the mean of two N-way cross entropies. Computed in
    float32 at least, under autocast too: at a scale of 100 rounding to bfloat16 changes a logit by 0.25.

    Source: Radford et al. 2021 (CLIP), figure 3.
    """
    compute_dtype = torch.promote_types(image.dtype, torch.float32)
    with torch.autocast(image.device.type, enabled=False):
        image, text = (F.normalize(rows.to(compute_dtype), dim=1) for rows in (image, text))
        logits = logit_scale.to(compute_dtype).exp() * (image @ text.T)
        pair = torch.arange(len(image), device=image.device)
        loss = (F.cross_entropy(logits, pair) + F.cross_entropy(logits.T, pair)) / 2
        return loss, torch.cat([logits.argmax(1) == pair, logits.argmax(0) == pair])


def infonce_bound(scores: Tensor) -> Tensor:
    """Return the InfoNCE estimate of I(X; Y) in nats, a scalar, from a critic's scores (N, N).

    ``scores[i, j]`` is f(x_i, y_j) in nats; pairs on the diagonal are drawn jointly. The estimate never exceeds log N,
    and its expectation over batches never exceeds I for any critic. Its negative is, up to log N, the loss that trains
    the critic.

    Source: Poole et al. 2019, equation 10; van den Oord et al. 2018 (CPC), section 2.3: I >= log N - L_N.
    Differs: each x chooses among the y of its batch, as in CPC; Poole's equation lets each y choose among the x.
    """
    log_ratio = scores.diagonal() - torch.logsumexp(scores, dim=1)
    return log_ratio.mean() + math.log(len(scores))
