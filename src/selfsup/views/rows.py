"""An operation on some views of a batch, in place."""

from collections.abc import Callable

from torch import Tensor


def change_rows_(images: Tensor, where: Tensor, change: Callable[..., Tensor], *parameters: Tensor) -> Tensor:
    """Overwrite images (N, C, H, W) where ``where`` (N,) with ``change(rows, *parameters of these rows)``, and return them.

    ``change`` may overwrite its argument, a copy with contiguous colour planes; every parameter has N rows.
    """
    rows = where.nonzero()[:, 0]
    if len(rows):
        planes = images.transpose(0, 1)
        copy = planes.index_select(1, rows).transpose(0, 1)
        changed = change(copy, *(parameter[rows] for parameter in parameters))
        planes.index_copy_(1, rows, changed.transpose(0, 1))
    return images
