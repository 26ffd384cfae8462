"""InfoNCE as a lower bound on mutual information."""

import math

import torch
from torch import Tensor


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
