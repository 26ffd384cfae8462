"""The features inside boxes, read bilinearly."""

import torch
from torch import Tensor


def roi_align(maps: Tensor, image: Tensor, box: Tensor, size: torch.Size, *, bins: int, samples: int) -> Tensor:
    """Return (M, D, bins, bins): means over points of the bins of boxes (M, 4), x0 y0 x1 y1 in pixels of images of ``size`` H, W,
    of maps (N, D, h, w), which are read bilinearly; ``image`` (M,) are rows of ``maps``. A point outside has the nearest value.

    Bilinear reading is linear along each axis, so a box is two matrix products.

    Source: He et al. 2017 (Mask R-CNN), section 3.
    """
    order = image.to(maps.device).argsort(stable=True)
    counts = image.bincount(minlength=len(maps)).tolist()
    box = box.to(maps)[order]
    rows = _weights(box[:, 1], box[:, 3], size[0], maps.shape[2], bins, samples).split(counts)
    columns = _weights(box[:, 0], box[:, 2], size[1], maps.shape[3], bins, samples).split(counts)
    aligned = torch.cat([_read(*of_image) for of_image in zip(maps, rows, columns, strict=True)])
    return aligned[order.argsort()]


def _weights(start: Tensor, end: Tensor, size_px: int, cells: int, bins: int, samples: int) -> Tensor:
    """Return (M, bins, cells): the weight of each cell of one axis in each bin between ``start`` and ``end`` (M,), in pixels."""
    steps = (torch.arange(bins * samples, device=start.device) + 0.5) / (bins * samples)
    position_px = start[:, None] + steps * (end - start)[:, None]
    cell = (position_px * (cells / size_px) - 0.5).clamp(0, cells - 1)
    weight = (1 - (cell[..., None] - torch.arange(cells, device=start.device)).abs()).clamp(min=0)
    return weight.unflatten(1, (bins, samples)).mean(2)


def _read(layer_map: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return (m, D, bins, bins) of one map (D, h, w), by the weights of the boxes in it (m, bins, h) and (m, bins, w)."""
    bins, (channels, height, width) = rows.shape[1], layer_map.shape
    along_rows = rows.flatten(0, 1) @ layer_map.transpose(0, 1).reshape(height, -1)  # (m bins, D w)
    aligned = along_rows.view(-1, bins * channels, width) @ columns.mT  # (m, bins D, bins)
    return aligned.unflatten(1, (bins, channels)).transpose(1, 2)
