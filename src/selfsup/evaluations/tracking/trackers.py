"""Trackers: how masks and keypoints of a first frame become those of all later frames."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.evaluations.tracking.place_labels import from_places, place_labels
from selfsup.evaluations.tracking.propagation import Embed, Law, propagate
from selfsup.nn.encoder import Encoder
from selfsup.views.lab import rgb_to_lab

Tracks = Iterator[tuple[Tensor, Tensor]]
Tracker = Callable[[Tensor, Tensor, Tensor, int], Tracks]


def pointing(embed: Embed, law: Law) -> Tracker:
    """Return the tracker that propagates labels by an embedding: of clip uint8 (N, T, 3, H, W), mask uint8 (N, H, W) and
    keypoint (N, P, 2) of its first frame, and the number of objects, it yields mask and keypoint of each later frame."""

    def tracks(clip: Tensor, mask: Tensor, keypoint: Tensor, objects: int) -> Tracks:
        grid = embed(clip[:1, 0]).shape[-2:]
        for labels in propagate(clip, embed, place_labels(mask, keypoint, objects, grid), law):
            yield from_places(labels, objects, clip.shape[-2:])

    return tracks


def standing(clip: Tensor, mask: Tensor, keypoint: Tensor, objects: int) -> Tracks:
    """Yield the first frame's mask and keypoints again and again: how much moves at all."""
    for _ in range(1, clip.shape[1]):
        yield mask, keypoint


def by_encoder(encoder: Encoder) -> Embed:
    """Return the embedding of frames by an encoder's last map, in unit vectors."""

    def embed(frames: Tensor) -> Tensor:
        *_, last = encoder.maps(frames).values()
        return F.normalize(last, dim=1)

    return embed


def best_temperature(clip: Tensor, embed: Embed, law: Law, temperatures: list[float]) -> float:
    """Return the temperature by which the colours of clips uint8 (N, T, 3, H, W) are propagated with the least error.

    The error is the mean distance of ab; of equal ones the first. Colours need no label, and an embedding of grey does not
    hold them.
    """
    grid = embed(clip[:1, 0]).shape[-2:]
    places = F.interpolate(clip.flatten(0, 1).float() / 255, size=grid, mode="area")
    ab = rgb_to_lab(places)[:, 1:].unflatten(0, clip.shape[:2])

    def error(temperature: float) -> float:
        found = torch.stack(list(propagate(clip, embed, ab[:, 0], replace(law, temperature=temperature))), 1)
        return float((found - ab[:, 1:]).norm(dim=2).mean())

    return min(temperatures, key=error)
