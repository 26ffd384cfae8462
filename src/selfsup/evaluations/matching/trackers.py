"""Trackers: from the masks and keypoints of a first frame to those of all later frames, by label propagation.

Each position of a frame takes its labels from the most similar positions of earlier frames.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.nn.encoder import Encoder
from selfsup.views.lab import rgb_to_lab

Embed = Callable[[Tensor], Tensor]
Square = tuple[slice, slice]
Tracks = Iterator[tuple[Tensor, Tensor]]
Tracker = Callable[[Tensor, Tensor, Tensor, int], Tracks]
SPREAD = 1.0  # standard deviation of a keypoint's heat, in positions of the map
# Least side of the squares of positions that are compared at once: smaller ones cost more calls than they save.
SQUARE = 8


@dataclass(frozen=True)
class PropagationConfig:
    """Labels come from the first frame and the last ``context_frames``, from positions within ``radius``: from the
    ``top_k`` most similar ones, by a softmax of their cosines over ``temperature``."""

    context_frames: int
    radius: int
    top_k: int
    temperature: float


def attention_tracker(embed: Embed, config: PropagationConfig) -> Tracker:
    """Return the tracker that propagates labels by an embedding. Of clip uint8 (N, T, 3, H, W), mask uint8 (N, H, W) and
    keypoint (N, P, 2) of its first frame and the number of objects, it yields mask and keypoint of each later frame."""

    def tracks(clip: Tensor, mask: Tensor, keypoint: Tensor, objects: int) -> Tracks:
        first = labels_on_map(mask, keypoint, objects, embed(clip[:1, 0]).shape[-2:])
        maps = (embed(clip[:, frame]) for frame in range(clip.shape[1]))
        for labels in propagate(maps, first, config, [config.temperature]):
            yield labels_on_pixels(labels[:, 0], objects, clip.shape[-2:])

    return tracks


def identity_tracker(clip: Tensor, mask: Tensor, keypoint: Tensor, objects: int) -> Tracks:
    """Yield the first frame's mask and keypoints for each later frame."""
    for _ in range(1, clip.shape[1]):
        yield mask, keypoint


def labels_on_map(mask: Tensor, keypoint: Tensor, objects: int, grid: torch.Size) -> Tensor:
    """Return labels (N, 1 + objects + P, H', W'): the share of background and of each object, and each keypoint's heat.

    mask is uint8 (N, H, W) of object numbers, keypoint (N, P, 2) x y pixels, without heat where NaN.
    """
    shares = F.interpolate(F.one_hot(mask.long(), objects + 1).movedim(-1, 1).float(), size=grid, mode="area")
    scale = torch.tensor([grid[1] / mask.shape[2], grid[0] / mask.shape[1]], device=mask.device)
    x, y = (keypoint * scale)[..., None, None].unbind(2)
    across = torch.arange(grid[1], device=mask.device) + 0.5 - x
    down = torch.arange(grid[0], device=mask.device)[:, None] + 0.5 - y
    heat = torch.exp(-(across**2 + down**2) / (2 * SPREAD**2))
    return torch.cat([shares, torch.nan_to_num(heat)], 1)


def labels_on_pixels(labels: Tensor, objects: int, size: torch.Size) -> tuple[Tensor, Tensor]:
    """Return mask uint8 (N, H, W) and keypoint (N, P, 2) of labels (N, 1 + objects + P, H', W'): the object of the largest
    share at each pixel of an image of this size, and the position of each keypoint's largest heat."""
    upsampled = F.interpolate(labels, size=size, mode="bilinear", align_corners=False)
    mask = upsampled[:, : objects + 1].argmax(1).byte()
    pixel = upsampled[:, objects + 1 :].flatten(2).argmax(2)
    return mask, torch.stack([pixel % size[1], pixel // size[1]], -1) + 0.5


def encoder_embedding(encoder: Encoder) -> Embed:
    """Return the embedding of frames by an encoder's last map, as unit vectors."""

    def embed(frames: Tensor) -> Tensor:
        *_, last = encoder.maps(frames).values()
        return F.normalize(last, dim=1)

    return embed


def select_config(
    clip: Tensor, embed: Embed, config: PropagationConfig, radii: list[int], temperatures: list[float]
) -> PropagationConfig:
    """Return ``config`` with the radius and the temperature of the least mean ab error of propagated colours of clips uint8
    (N, T, 3, H, W), of ties the first. Colours are not labels, and an embedding of grey does not contain them."""
    maps = [embed(clip[:, frame]) for frame in range(clip.shape[1])]
    small = F.interpolate(clip.flatten(0, 1).float() / 255, size=maps[0].shape[-2:], mode="area")
    ab = rgb_to_lab(small)[:, 1:].unflatten(0, clip.shape[:2])
    errors: dict[PropagationConfig, float] = {}
    for radius in radii:
        of_radius = replace(config, radius=radius)
        # (N, T - 1, S, 2, H', W')
        propagated = torch.stack(list(propagate(maps, ab[:, 0], of_radius, temperatures)), 1)
        error = (propagated - ab[:, 1:, None]).norm(dim=3).mean((0, 1, 3, 4))
        errors |= {replace(of_radius, temperature=t): float(e) for t, e in zip(temperatures, error, strict=True)}
    return min(errors, key=lambda one: errors[one])


def propagate(
    maps: Iterable[Tensor], first: Tensor, config: PropagationConfig, temperatures: Sequence[float]
) -> Iterator[Tensor]:
    """Yield the labels (N, S, K, H', W') of each later frame from those of the first (N, K, H', W'), at S temperatures.

    ``maps`` are the embeddings of all frames in turn, unit vectors (N, D, H', W'). Only the frames of the context are in
    memory, and positions are compared once for all temperatures.

    Source: Vondrick et al. 2018, section 3.3; the first frame, the radius and the best k as Lai and Xie 2019 and Jabri et
    al. 2020 do.
    """
    queries = iter(maps)
    start = (next(queries), first[:, None].expand(-1, len(temperatures), -1, -1, -1))
    recent: deque[tuple[Tensor, Tensor]] = deque(maxlen=config.context_frames)
    for query in queries:
        keys, labels = zip(start, *recent, strict=True)
        similarity, index = most_similar(query, torch.stack(keys, 1), config)
        context = torch.stack(labels, 3).flatten(3)  # (N, S, K, C H' W')
        weights = torch.stack([torch.softmax(similarity / temperature, -1) for temperature in temperatures], 1)
        propagated = _weighted(context, weights, index).unflatten(-1, query.shape[-2:])
        recent.append((query, propagated))
        yield propagated


def most_similar(query: Tensor, keys: Tensor, config: PropagationConfig) -> tuple[Tensor, Tensor]:
    """Return the cosines (N, L, k) of each of L = H' W' positions of query (N, D, H', W') with the most similar positions
    within the radius of keys (N, C, D, H', W'), and their indices among C H' W'; -inf where there are fewer than k.

    In squares, each with the window within the radius, to bound the similarities in memory.
    """
    (height, width), radius, side = query.shape[-2:], config.radius, max(config.radius, SQUARE)
    frames, places = keys.shape[1], torch.arange(keys.shape[1] * height * width, device=keys.device)
    places = places.view(frames, height, width)
    count = min(config.top_k, frames * height * width)
    similarity = query.new_full((len(query), height, width, count), -torch.inf)
    index = torch.zeros(similarity.shape, dtype=torch.int64, device=query.device)
    for top in range(0, height, side):
        for left in range(0, width, side):
            rows, columns = (slice(start, start + side) for start in (top, left))
            above, beside = (slice(max(0, start - radius), start + side + radius) for start in (top, left))
            near = _near(height, width, (rows, columns), (above, beside), radius).to(query.device).repeat(1, frames)
            window = keys[..., above, beside].transpose(1, 2).flatten(2)  # (N, C, D, h, w) as (N, D, C h w)
            square = query[..., rows, columns]
            cosine = (square.flatten(2).transpose(1, 2) @ window).masked_fill(~near, -torch.inf)
            value, best = cosine.topk(min(count, cosine.shape[-1]), -1)
            similarity[:, rows, columns, : value.shape[-1]] = value.unflatten(1, square.shape[2:])
            place = places[:, above, beside].flatten()[best]
            index[:, rows, columns, : best.shape[-1]] = place.unflatten(1, square.shape[2:])
    return similarity.flatten(1, 2), index.flatten(1, 2)


def _weighted(labels: Tensor, weights: Tensor, index: Tensor) -> Tensor:
    """Return the means (N, S, K, L) of labels (N, S, K, M) at indices (N, L, k), under weights (N, S, L, k)."""
    shape = (*labels.shape[:3], index[0].numel())
    nearest = labels.gather(3, index.flatten(1)[:, None, None].expand(shape)).unflatten(3, index.shape[1:])
    return (nearest * weights[:, :, None]).sum(-1)


def _near(height: int, width: int, square: Square, window: Square, radius: int) -> Tensor:
    """Return whether each position of the square (n) is within the radius of each of the window (m), (n, m) bool."""
    y, x = torch.arange(height), torch.arange(width)
    a, b = (torch.cartesian_prod(y[rows], x[columns]) for rows, columns in (square, window))
    return (a[:, None] - b[None]).square().sum(-1) <= radius**2
