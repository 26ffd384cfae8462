"""Procedural scenes with captions; classes and combinations are held out of training for zero-shot classification.

Two of the ten classes never occur in the training images or captions. Of the combinations of object, material and
background of the other eight, one in five is held out, such that each pair of factors occurs in training.
"""

from pathlib import Path

import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from selfsup.datasets import scenes
from selfsup.datasets.content.keys import image_keys
from selfsup.datasets.prepared import caption_array, write_split
from selfsup.datasets.procedural.captions import TEMPLATES, captions
from selfsup.datasets.procedural.generation import joined
from selfsup.datasets.procedural.objects import CLASSES as ALL_CLASSES
from selfsup.datasets.procedural.surfaces import MATERIALS
from selfsup.errors import InputError

PROVIDES = ("image", "labelled_image", "image_text")
HELD_OUT_CLASSES = ["umbrella", "lamp"]
CLASSES = [name for name in ALL_CLASSES if name not in HELD_OUT_CLASSES]
SEEN, HELD_OUT_COMBINATION, HELD_OUT_CLASS = 0, 1, 2
STREAMS = {"train": 100, "test": 101, "held_out_classes": 102}  # scenes.py uses 0 and 1
KINDS = {"train": [SEEN], "test": [SEEN, HELD_OUT_COMBINATION], "held_out_classes": [HELD_OUT_CLASS]}
CAPTION_BYTES = 112


def prepare(
    folder: Path,
    *,
    size_px: PositiveInt = 32,
    train_examples: PositiveInt = 6000,
    test_examples: PositiveInt = 2000,
    held_out_class_examples: PositiveInt = 400,
    phrasings: PositiveInt = 4,
    seed: NonNegativeInt = 0,
) -> None:
    """Write ``train.h5``, ``test.h5`` and ``held_out_classes.h5``: image, label, key, caption, novelty, factors.

    ``novelty`` (N,) is SEEN, HELD_OUT_COMBINATION (of object, material and background) or HELD_OUT_CLASS. The test set
    has the first two, in their natural proportion. The third file has the held-out classes; its labels index them. Raises
    InputError where images are too small or ``phrasings`` exceeds the number of templates.

    Args:
        size_px: side of the images in pixels.
        train_examples: training examples.
        test_examples: test examples.
        held_out_class_examples: examples of the held-out classes.
        phrasings: captions of each image.
        seed: seed of the generated data.
    """
    scenes.check_size(size_px)
    if phrasings > len(TEMPLATES):
        raise InputError(
            f"phrasings is {phrasings}, but there are {len(TEMPLATES)} templates; set it to {len(TEMPLATES)} or less"
        )
    counts = {"train": train_examples, "test": test_examples, "held_out_classes": held_out_class_examples}
    for split, examples in counts.items():
        arrays = generate(split, examples, size_px=size_px, phrasings=phrasings, seed=seed)
        classes = HELD_OUT_CLASSES if split == "held_out_classes" else CLASSES
        write_split(folder / f"{split}.h5", arrays, dataset="captioned_scenes", classes=classes, size_px=size_px)


def generate(split: str, examples: int, *, size_px: int, phrasings: int, seed: int) -> dict[str, np.ndarray]:
    """Return the arrays of one split, in order of generation; scenes of other splits are dropped."""
    chunks, count, start = [], 0, 0
    while count < examples:
        chunks.append(_chunk(split, [seed, STREAMS[split], start], size_px, phrasings))
        count += len(chunks[-1]["label"])
        start += scenes.CHUNK
    arrays = joined(chunks, examples)
    return arrays | {"key": image_keys(arrays["image"])}


def novelty(label: np.ndarray, material: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return the novelty (N,) of each scene with respect to training; ``label`` indexes all ten classes.

    For each object and background one material is held out, a different one on each background: a Latin square.
    """
    held_out = (label + material + background) % len(MATERIALS) == 0
    held_out_class = np.isin(label, [ALL_CLASSES.index(name) for name in HELD_OUT_CLASSES])
    return np.where(held_out_class, HELD_OUT_CLASS, np.where(held_out, HELD_OUT_COMBINATION, SEEN))


def _chunk(split: str, stream: list[int], size_px: int, phrasings: int) -> dict[str, np.ndarray]:
    chunk = scenes.chunk(stream, size_px)
    kind = novelty(chunk["label"], chunk["factors/material"], chunk["factors/background"])
    in_split = np.isin(kind, KINDS[split])
    names = [name for name in chunk if name in ("image", "label") or name.startswith("factors/")]
    arrays = {name: chunk[name][in_split] for name in names}
    texts = captions(arrays, phrasings, np.random.default_rng([*stream, 1]))
    classes = HELD_OUT_CLASSES if split == "held_out_classes" else CLASSES
    number = np.array([classes.index(name) if name in classes else -1 for name in ALL_CLASSES])
    return arrays | {
        "caption": caption_array(texts, CAPTION_BYTES),
        "label": number[arrays["label"]],
        "novelty": kind[in_split],
    }
