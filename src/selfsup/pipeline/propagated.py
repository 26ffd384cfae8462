"""Propagates the labels or the colours of a clip's first frame through it, in the way that is scored."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from selfsup.config.recipe import evaluation
from selfsup.datasets.content.decoding import decode
from selfsup.datasets.content.sequences import Sequence, read_sequence
from selfsup.datasets.content.videos import VIDEO_SUFFIXES, Video, frame_folder
from selfsup.errors import InputError
from selfsup.evaluations.matching import trackers
from selfsup.methods.parts.cross_channel import coloured
from selfsup.nn.encoder import Encoder
from selfsup.pipeline.contact_sheet import Pictures, picture, pixels
from selfsup.training.source import Source
from selfsup.views.lab import rgb_to_lab

HEIGHT_PX = 120  # of the frames that the encoder sees, as DAVIS is scored (params/data/davis.yaml)
MAX_OBJECTS = 20
SHADE = 0.5

Draw = Callable[[Image.Image, Tensor], Pictures]


def propagated(
    encoder: Encoder, train: Source, source: Path, mask: Path | None
) -> tuple[int, Iterator[tuple[str, Pictures]]]:
    """Return the number of a clip's frames, and for each its name and pictures, the last with what was propagated to it.

    That is the objects of ``mask``, an image of the first frame's labels, or else the first frame's colours. The protocol
    is params/evaluations/label_propagation.yaml; its radius and temperature are selected on training clips.
    """
    video = _video(source)
    clip = torch.from_numpy(read_sequence(Sequence(video), HEIGHT_PX, None).arrays["clip"])[None]
    if clip.shape[1] < 2:
        raise InputError(f"{source} has one frame; name a clip of two or more")
    return clip.shape[1], _frames(encoder, train, video, clip, mask)


@torch.no_grad()
def _frames(
    encoder: Encoder, train: Source, video: Video, clip: Tensor, mask: Path | None
) -> Iterator[tuple[str, Pictures]]:
    embed = trackers.encoder_embedding(encoder)
    grid = embed(clip[:, 0]).shape[-2:]
    config = _config(train, embed)
    first = next(video.frames())
    start, draw = _colours(clip, grid) if mask is None else _labels(mask, first, grid)
    maps = (embed(clip[:, frame]) for frame in range(clip.shape[1]))
    later = trackers.propagate(maps, start, config, [config.temperature])
    values = [start, *(labels[:, 0] for labels in later)]
    for number, (frame, value) in enumerate(zip(video.frames(), values, strict=True), start=1):
        name = video.files[number - 1].stem if video.files else f"{video.path.stem}-{number:05d}"
        yield name, draw(frame, value)


def _video(source: Path) -> Video:
    if source.is_dir():
        return frame_folder(source)
    if not source.exists():
        raise InputError(f"{source} is missing; name a video, or a folder of frames")
    if source.suffix.lower() not in VIDEO_SUFFIXES:
        raise InputError(f"{source} is no video ({', '.join(sorted(VIDEO_SUFFIXES))}); name one, or a folder of frames")
    return Video(source, [])


def _config(train: Source, embed: trackers.Embed) -> trackers.PropagationConfig:
    keys = evaluation("label_propagation")[1]
    clips = train.rows(torch.arange(min(keys["chosen_on_clips"], len(train))))["clip"]
    radii, temperatures = keys["radii"], keys["temperatures"]
    config = trackers.PropagationConfig(keys["context_frames"], radii[0], keys["top_k"], temperatures[0])
    return trackers.select_config(clips, embed, config, radii, temperatures)


def _colours(clip: Tensor, grid: torch.Size) -> tuple[Tensor, Draw]:
    """Return the ab (1, 2, H', W') of the first frame, and what draws a frame with propagated ab."""
    small = F.interpolate(clip[:, 0].float() / 255, size=grid, mode="area")

    def draw(frame: Image.Image, ab: Tensor) -> Pictures:
        return {title: picture(image) for title, image in coloured(pixels(frame), ab).images.items()}

    return rgb_to_lab(small)[:, 1:], draw


def _labels(mask: Path, first: Image.Image, grid: torch.Size) -> tuple[Tensor, Draw]:
    """Return the labels (1, 1 + objects, H', W') of the first frame, and what draws a frame with propagated labels."""
    index, colours = _objects(mask, first)
    objects = len(colours) - 1

    def draw(frame: Image.Image, labels: Tensor) -> Pictures:
        number = trackers.labels_on_pixels(labels, objects, torch.Size(frame.size[::-1]))[0][0].numpy()
        labelled = colours[number]
        overlay = np.asarray(frame) * (1 - SHADE) + labelled * SHADE
        return {
            "frame": frame,
            "overlay": Image.fromarray(overlay.astype(np.uint8)),
            "labels": Image.fromarray(labelled),
        }

    return trackers.labels_on_map(index, torch.zeros(1, 0, 2), objects, grid), draw


def _objects(mask: Path, first: Image.Image) -> tuple[Tensor, np.ndarray]:
    """Return the object of each pixel, uint8 (1, H, W), 0 for the background, and the colour of each, uint8 (objects + 1, 3)."""
    if not mask.is_file():
        raise InputError(f"--mask: {mask} is missing; name the labels of the first frame")
    image = decode(mask)
    if image.size != first.size:
        actual, expected = ("x".join(map(str, size)) for size in (image.size, first.size))
        raise InputError(
            f"{mask} has {actual} pixels, the clip {expected}; draw the labels at the size of its first frame"
        )
    colours, index = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_inverse=True)  # black comes first
    if colours[0].any() or not 2 <= len(colours) <= MAX_OBJECTS + 1:
        raise InputError(
            f"{mask} has {len(colours)} colours{', none of them black' * bool(colours[0].any())}; paint the background "
            f"black and each of up to {MAX_OBJECTS} objects in one colour"
        )
    return torch.from_numpy(index.reshape(1, image.height, image.width).astype(np.uint8)), colours
