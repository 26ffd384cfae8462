"""Dense matching: for each query the pixel of another image whose descriptor is nearest, in bounded memory."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

QUERIES_AT_ONCE = 256


def sample(maps: Tensor, places: Tensor, size: Sequence[int]) -> Tensor:
    """Return descriptors (P, D), float64, of a map (D, h, w) at places (P, 2), x y in pixels of an image of ``size`` H, W.

    Bilinear, as upsampling to that size would be; at a pixel's centre of a map of that size it is that pixel's own.
    """
    height, width = size
    relative = places.to(maps.device, maps.dtype) / torch.tensor([width, height], device=maps.device) * 2 - 1
    found = F.grid_sample(maps[None], relative[None, None], padding_mode="border", align_corners=False)
    return found[0, :, 0].T.double()


def pixel_centres(pixels: Tensor, width: int) -> Tensor:
    """Return x y (..., 2) of the centres of pixels (...), counted row by row."""
    row = torch.div(pixels, width, rounding_mode="floor")
    return torch.stack([pixels % width, row], -1) + 0.5


def nearest_places(queried: Tensor, maps: Tensor, size: Sequence[int], memory_mb: float) -> Tensor:
    """Return for each of queried descriptors (Q, D) the centre (Q, 2), x y, of the pixel of an image of ``size`` H, W whose
    descriptor, in a map (D, h, w), is nearest by Euclidean distance; of equals any.

    Queries and pixels are taken in blocks, so that beside the map it holds at most ``memory_mb`` at any time, however
    large the image is; a map of lower resolution is never upsampled as a whole.
    """
    found = [_nearest(some, maps, size, memory_mb) for some in queried.split(QUERIES_AT_ONCE)]
    return pixel_centres(torch.cat(found), size[1])


def _nearest(queried: Tensor, maps: Tensor, size: Sequence[int], memory_mb: float) -> Tensor:
    block = block_pixels(len(queried), len(maps), memory_mb)
    queried = queried.double()
    least = torch.full((len(queried),), torch.inf, dtype=torch.float64, device=queried.device)
    best = torch.zeros(len(queried), dtype=torch.int64, device=queried.device)
    for start in range(0, size[0] * size[1], block):
        pixels = torch.arange(start, min(start + block, size[0] * size[1]), device=queried.device)
        offered = sample(maps, pixel_centres(pixels, size[1]), size)
        # Squared distances but for the queries' own squares, which choose nothing; float64, so that nothing cancels.
        distance, index = torch.addmm(offered.square().sum(1), queried, offered.T, alpha=-2).min(1)
        nearer = distance < least
        least, best = torch.where(nearer, distance, least), torch.where(nearer, index + start, best)
    return best


def block_pixels(queries: int, dimension: int, memory_mb: float) -> int:
    """Return how many pixels are compared at once: their descriptors, in the map's type, in float64 and squared, their
    places and their distances fit into ``memory_mb`` megabytes."""
    bytes_a_pixel = 20 * dimension + 8 * queries + 64
    return max(1, int(memory_mb * 1e6) // bytes_a_pixel)
