"""BatchNorm statistics of parts of a batch on one device, as if each part stood on a device of its own."""

from collections.abc import Callable

import torch
from torch import Tensor


def forward_in_splits(forward: Callable[[Tensor], Tensor], x: Tensor, splits: int) -> Tensor:
    """Return ``forward(x)`` (N, D), one call per each of ``splits`` consecutive parts of x (N, C, H, W).

    Source: He et al. 2020 (MoCo), section 3.3: per-device statistics, without which shuffling would change nothing.
    Differs: the paper's parts are devices and only the first one's running statistics are kept; here every part
    updates them in turn.
    """
    return torch.cat([forward(part) for part in x.tensor_split(splits)])
