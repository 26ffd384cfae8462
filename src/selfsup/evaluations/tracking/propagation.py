"""Label propagation: each place of a frame takes its labels from the most similar places of earlier frames."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

Embed = Callable[[Tensor], Tensor]
Square = tuple[slice, slice]


@dataclass(frozen=True)
class Law:
    """How labels pass on: from the first frame and the last ``context_frames``, from places within ``radius``.

    The ``top_k`` most similar of them count, by a softmax of their cosines over ``temperature``.
    """

    context_frames: int
    radius: int
    top_k: int
    temperature: float


def propagate(clip: Tensor, embed: Embed, first: Tensor, law: Law) -> Iterator[Tensor]:
    """Yield the labels (N, K, H', W') of the second frame, the third ..., from those of the first.

    ``embed`` makes unit vectors (N, D, H', W') of frames uint8 (N, 3, H, W); clip is (N, T, 3, H, W). Only the frames of
    the context are in memory, whatever the length of the clip.

    Source: Vondrick et al. 2018, section 3.3; the first frame, the radius and the best k as Lai and Xie 2019 and Jabri et
    al. 2020 do.
    """
    start = (embed(clip[:, 0]), first)
    recent: deque[tuple[Tensor, Tensor]] = deque(maxlen=law.context_frames)
    for frame in range(1, clip.shape[1]):
        query = embed(clip[:, frame])
        maps, labels = zip(start, *recent, strict=True)
        found = passed_on(query, torch.stack(maps, 1), torch.stack(labels, 1), law)
        recent.append((query, found))
        yield found


def passed_on(query: Tensor, keys: Tensor, labels: Tensor, law: Law) -> Tensor:
    """Return the labels (N, K, H', W') of query (N, D, H', W') from keys (N, C, D, H', W') with labels (N, C, K, H', W').

    It is done in squares whose side is the radius, each with the window that it can see: the similarities in memory are
    those of one square.
    """
    height, width = query.shape[-2:]
    found = query.new_empty(len(query), labels.shape[2], height, width)
    for top in range(0, height, law.radius):
        for left in range(0, width, law.radius):
            rows, columns = (slice(start, start + law.radius) for start in (top, left))
            above, beside = (slice(max(0, start - law.radius), start + 2 * law.radius) for start in (top, left))
            near = _near(height, width, (rows, columns), (above, beside), law.radius).to(query.device)
            seen, held = (_flat(x[..., above, beside]) for x in (keys, labels))
            asked = query[..., rows, columns]
            best = _best(asked.flatten(2), seen, held, near.repeat(1, keys.shape[1]), law)
            found[..., rows, columns] = best.unflatten(2, asked.shape[2:])
    return found


def _best(query: Tensor, keys: Tensor, labels: Tensor, near: Tensor, law: Law) -> Tensor:
    """Return the labels (N, K, n) of places (N, D, n) from those of (N, D, m), where ``near`` (n, m)."""
    similarity = (query.transpose(1, 2) @ keys).masked_fill(~near, -torch.inf)
    value, index = similarity.topk(min(law.top_k, keys.shape[2]), -1)
    weight = torch.softmax(value / law.temperature, -1)
    taken = labels.gather(2, index.flatten(1)[:, None].expand(-1, labels.shape[1], -1))
    return (taken.view(*labels.shape[:2], *index.shape[1:]) * weight[:, None]).sum(-1)


def _near(height: int, width: int, here: Square, there: Square, radius: int) -> Tensor:
    """Return whether each place of one square (n) is within the radius of each of another (m), (n, m) bool."""
    y, x = torch.arange(height), torch.arange(width)
    places = [torch.cartesian_prod(y[rows], x[columns]) for rows, columns in (here, there)]
    return (places[0][:, None] - places[1][None]).square().sum(-1) <= radius**2


def _flat(maps: Tensor) -> Tensor:
    """Return maps (N, C, D, h, w) as (N, D, C h w)."""
    return maps.transpose(1, 2).flatten(2)
