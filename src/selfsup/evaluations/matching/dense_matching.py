"""Dense matching in pairs of images: for each query the pixel with the nearest descriptor, in bounded memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.evaluations.baselines.raw_pixels import colour_patches
from selfsup.nn.encoder import Encoder
from selfsup.seeds import generator

Maps = dict[str, tuple[Tensor, Tensor]]
QUERIES_AT_ONCE = 256


@dataclass(frozen=True)
class Query:
    """Queries of one pair: positions in the first image and their true positions in the second (Q, 2), x y in pixels, and
    the number of the object of each (Q,)."""

    position: Tensor
    truth: Tensor
    object_number: Tensor


@torch.no_grad()
def pair_maps(encoder: Encoder, first: Tensor, second: Tensor, *, patch_px: int, batch_size: int) -> Iterator[Maps]:
    """Yield for each pair of images uint8 (N, 3, H, W) both maps (D, h, w) by name, from batches of ``batch_size`` pairs.

    ``descriptors`` are the encoder's last layer as it is; ``maps`` the layer before it, if any, as unit vectors;
    ``colours`` the colours of ``patch_px`` x ``patch_px`` pixels.
    """
    last, *before = list(encoder.layers)[::-1]
    for start in range(0, len(first), batch_size):
        sides = [images[start : start + batch_size] for images in (first, second)]
        layers = [encoder.maps(images) for images in sides]
        for row in range(len(sides[0])):
            maps = {"descriptors": [side[last][row] for side in layers]}
            if before:
                maps["maps"] = [F.normalize(side[before[0]][row], dim=0) for side in layers]
            maps["colours"] = [colour_patches(images[row], patch_px) for images in sides]
            yield {name: (first_map, second_map) for name, (first_map, second_map) in maps.items()}


def match(maps: Maps, query: Query, size: Sequence[int], memory_mb: float, pair_number: int) -> dict[str, Tensor]:
    """Return the matched positions (Q, 2) of a pair's queries by the name of the maps, of ``same_pixel``, where each query
    stays where it is, and of ``chance``."""
    matches = {
        name: nearest_positions(sample(first, query.position, size), second, size, memory_mb).cpu()
        for name, (first, second) in maps.items()
    }
    random = random_positions(len(query.position), size, generator(0, "chance", pair_number))
    return matches | {"same_pixel": query.position, "chance": random}


def column_of(name: str) -> dict[str, str]:
    """Return the column of a measure of these maps, none for the descriptors."""
    if name == "descriptors":
        return {}
    return {"layer": name} if name == "maps" else {"baseline": name}


def sample(maps: Tensor, positions: Tensor, size: Sequence[int]) -> Tensor:
    """Return descriptors (P, D), float64, of a map (D, h, w) at positions (P, 2), x y in pixels of an image of ``size`` H, W.

    Bilinear, equal to upsampling the map to ``size``; at the centre of a pixel of the map it is that pixel's value.
    """
    height, width = size
    relative = positions.to(maps.device, maps.dtype) / torch.tensor([width, height], device=maps.device) * 2 - 1
    sampled = F.grid_sample(maps[None], relative[None, None], padding_mode="border", align_corners=False)
    return sampled[0, :, 0].T.double()


def pixel_centres(pixels: Tensor, width: int) -> Tensor:
    """Return x y (..., 2) of the centres of pixels (...), which are numbered row by row."""
    row = torch.div(pixels, width, rounding_mode="floor")
    return torch.stack([pixels % width, row], -1) + 0.5


def random_positions(count: int, size: Sequence[int], generator: torch.Generator) -> Tensor:
    """Return the centres (count, 2), x y, of random pixels of an image of ``size`` H, W."""
    height, width = size
    column = torch.randint(width, (count,), generator=generator)
    row = torch.randint(height, (count,), generator=generator)
    return torch.stack([column, row], 1) + 0.5


def nearest_positions(queries: Tensor, maps: Tensor, size: Sequence[int], memory_mb: float) -> Tensor:
    """Return for each descriptor of queries (Q, D) the centre (Q, 2), x y, of the pixel of an image of ``size`` H, W whose
    descriptor in a map (D, h, w) is nearest by Euclidean distance; of ties any.

    Queries and pixels are processed in blocks, so that at most ``memory_mb`` is used beside the map, however large the
    image is; a map of lower resolution is never upsampled at once.
    """
    nearest = [_nearest(chunk, maps, size, memory_mb) for chunk in queries.split(QUERIES_AT_ONCE)]
    return pixel_centres(torch.cat(nearest), size[1])


def _nearest(queries: Tensor, maps: Tensor, size: Sequence[int], memory_mb: float) -> Tensor:
    block = block_pixels(len(queries), len(maps), memory_mb)
    queries = queries.double()
    least = torch.full((len(queries),), torch.inf, dtype=torch.float64, device=queries.device)
    best = torch.zeros(len(queries), dtype=torch.int64, device=queries.device)
    for start in range(0, size[0] * size[1], block):
        pixels = torch.arange(start, min(start + block, size[0] * size[1]), device=queries.device)
        candidates = sample(maps, pixel_centres(pixels, size[1]), size)
        # Squared distances without the queries' own squares, which do not change the minimum; float64 against cancellation.
        distance, index = torch.addmm(candidates.square().sum(1), queries, candidates.T, alpha=-2).min(1)
        nearer = distance < least
        least, best = torch.where(nearer, distance, least), torch.where(nearer, index + start, best)
    return best


def block_pixels(queries: int, dimension: int, memory_mb: float) -> int:
    """Return how many pixels are compared at once: their descriptors, in the map's type, in float64 and squared, their
    positions and their distances fit into ``memory_mb`` megabytes."""
    bytes_per_pixel = 20 * dimension + 8 * queries + 64
    return max(1, int(memory_mb * 1e6) // bytes_per_pixel)
