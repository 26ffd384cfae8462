"""An operation on some views of a batch, in place: the others cost nothing."""

from collections.abc import Callable

from torch import Tensor


def change_rows_(images: Tensor, where: Tensor, change: Callable[..., Tensor], *parameters: Tensor) -> Tensor:
    """Overwrite images (N, C, H, W) where ``where`` (N,) with ``change(those, *their parameters)``, and return them.

    ``change`` owns what it is given: a copy, with contiguous colour planes; every parameter has N rows.
    """
    rows = where.nonzero()[:, 0]
    if len(rows):
        planes = images.transpose(0, 1)
        chosen = planes.index_select(1, rows).transpose(0, 1)
        changed = change(chosen, *(parameter[rows] for parameter in parameters))
        planes.index_copy_(1, rows, changed.transpose(0, 1))
    return images
