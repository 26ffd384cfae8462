"""A query and a key of each image, two views of it: what MoCo and the memory bank that it is compared with share."""

from dataclasses import asdict
from typing import Any

from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo
from selfsup.methods.parts.view_pairs import ViewPairs
from selfsup.nn.encoder import Encoder
from selfsup.nn.heads import projection_head
from selfsup.nn.split_batch_norm import forward_in_splits
from selfsup.specs.heads import Projection


class QueryPairs(ViewPairs):
    """Queries of length 1 by an encoder and its head, whose BatchNorm sees parts of a batch as if on devices of their own.

    Args:
        temperature: what the cosines are divided by.
        head: projection from h to a query.
        batch_norm_splits: equal parts of a batch, each with BatchNorm statistics of its own.
    """

    names = ("query", "key")

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        temperature: PositiveFloat,
        head: Projection,
        batch_norm_splits: PositiveInt,
        **view_pairs: Any,
    ) -> None:
        super().__init__(encoder, info, **view_pairs)
        if info.batch_size % batch_norm_splits or info.batch_size < 2 * batch_norm_splits:
            raise InputError(
                f"hyper.batch_norm_splits is {batch_norm_splits}, but must cut batch_size {info.batch_size} "
                "into equal parts of 2 or more; set 1, which is one part"
            )
        self.temperature = temperature
        self.head = head
        self.batch_norm_splits = batch_norm_splits
        self.projection = projection_head(encoder.feature_dim, **asdict(head))

    def query(self, x: Tensor) -> Tensor:
        """Return queries (N, D) of images (N, 3, H, W)."""
        return F.normalize(self.projection(self.encoder(x)), dim=1)

    def query_in_splits(self, x: Tensor) -> Tensor:
        """Return queries (N, D) of images (N, 3, H, W), part by part."""
        return forward_in_splits(self.query, x, self.batch_norm_splits)
