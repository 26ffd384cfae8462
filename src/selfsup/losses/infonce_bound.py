"""InfoNCE as a lower bound of mutual information."""

import math

import torch
from torch import Tensor


def infonce_bound(scores: Tensor) -> Tensor:
    """Return the InfoNCE estimate of I(X; Y) in nats, a scalar, of a critic's scores (N, N).

    ``scores[i, j]`` is f(x_i, y_j) in nats; pairs on the diagonal are drawn together. The estimate never exceeds log N,
    and its expectation over batches never exceeds I, whatever the critic. Its negative is, up to log N, the loss that
    trains a critic.

    Source: Poole et al. 2019, equation 10; van den Oord et al. 2018 (CPC), section 2.3: I >= log N - L_N.
    Differs: each x chooses among the y of its batch, as in CPC; Poole's equation lets each y choose among the x.
    """
    chosen = scores.diagonal() - torch.logsumexp(scores, dim=1)
    return chosen.mean() + math.log(len(scores))
