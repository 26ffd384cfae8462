"""Procedural clips: articulated objects that move and occlude each other, with masks and keypoints in the test set.

The factors depend on neither image size nor number of frames, so the same clips exist at every size, and a smaller set is
the beginning of a larger one.
"""

from pathlib import Path

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveInt

from selfsup.datasets.content.keys import clip_keys
from selfsup.datasets.prepared import write_split
from selfsup.datasets.procedural.clips import render_clips, sample_clips
from selfsup.datasets.procedural.generation import joined, one_thread, require_at_least
from selfsup.datasets.scenes import SMALLEST_PX

PROVIDES = ("clip",)
CLASSES: list[str] = []
STREAMS = {"train": 10, "test": 11}
CHUNK = 50  # clips per random stream; they fit in the processor's cache
FEWEST_FRAMES = 3  # scores ignore the first and the last frame


def prepare(
    folder: Path,
    *,
    size_px: PositiveInt = 64,
    frames: PositiveInt = 8,
    train_examples: PositiveInt = 800,
    test_examples: PositiveInt = 150,
    seed: NonNegativeInt = 0,
) -> None:
    """Write ``train.h5`` with ``clip``, and ``test.h5`` with ``clip``, ``mask`` and ``keypoint``; see ``generate``.

    Raises InputError where images are too small or clips too short for a moving object.

    Args:
        size_px: side of the images in pixels.
        frames: frames of a clip.
        train_examples: training examples.
        test_examples: test examples.
        seed: seed of the generated data.
    """
    require_at_least("size_px", size_px, SMALLEST_PX, "too small for moving objects")
    require_at_least("frames", frames, FEWEST_FRAMES, "too few to propagate labels")
    for split, examples in (("train", train_examples), ("test", test_examples)):
        arrays = generate(split, examples, frames=frames, size_px=size_px, seed=seed)
        write_split(folder / f"{split}.h5", arrays, dataset="moving_scenes", classes=CLASSES, size_px=size_px)


def generate(split: str, examples: int, *, frames: int, size_px: int, seed: int) -> dict[str, np.ndarray]:
    """Return the arrays of one split: ``clip`` uint8 (N, T, 3, H, W) and ``key``, and for the test the ground truth.

    That is ``mask`` uint8 (N, T, H, W), 1 where the main object is visible, 2 where the other one is; ``keypoint`` float32
    (N, T, K, 2), x y pixels of the main object's parts, NaN where a part is missing, outside the image or occluded.
    """
    with one_thread(), torch.inference_mode():
        chunks = [_chunk([seed, STREAMS[split], start], frames, size_px) for start in range(0, examples, CHUNK)]
    arrays = joined(chunks, examples)
    key = clip_keys(arrays["clip"])
    return {"clip": arrays["clip"], "key": key} if split == "train" else arrays | {"key": key}


def _chunk(stream: list[int], frames: int, size_px: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(stream)
    arrays = render_clips(sample_clips(rng, CHUNK), frames, size_px, rng)
    return {name: values.numpy() for name, values in arrays.items()}
