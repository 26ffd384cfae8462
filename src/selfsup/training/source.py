"""Sources of training examples: rows by index, from memory if they fit, else from the prepared file."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.prepared import map_split, quantised_depth, read_split, stored_bytes
from selfsup.methods.base import ARRAYS
from selfsup.specs.modality import Modality

IN_MEMORY_BYTES = 8 * 2**30
CHUNK = 4096
SEQUENCES = ("clip", "waveform")


class Source(ABC):
    """N examples: the arrays that a method's modality names (methods/base.py, ARRAYS), and their common properties.

    ``shapes`` {name: (N, ...)}; ``classes`` counts the classes, ``size_px`` and ``rate_hz`` are as in datasets/prepared.py.
    """

    def __init__(
        self, shapes: Mapping[str, tuple[int, ...]], device: torch.device, classes: int, size_px: int, rate_hz: int
    ) -> None:
        self.shapes = dict(shapes)
        self.device = device
        self.classes, self.size_px, self.rate_hz = classes, size_px, rate_hz
        self.first = next(iter(self.shapes))  # images, clips, waveforms, or the first images of pairs

    @abstractmethod
    def read(self, name: str, index: Tensor) -> Tensor:
        """Return the rows ``index`` (N,) of an array, on the device."""

    def rows(self, index: Tensor) -> dict[str, Tensor]:
        """Return a batch: ``index`` (N,) and these rows of each array, on the device."""
        return {"index": index.to(self.device), **{name: self.read(name, index) for name in self.shapes}}

    def __len__(self) -> int:
        return self.shapes[self.first][0]

    @property
    def positions(self) -> int:
        """Positions per example: pixels of an image, pixels of all frames of a clip, samples of a waveform."""
        shape = self.shapes[self.first][1:]
        return math.prod(shape) // (shape[-3] if len(shape) > 2 else 1)

    @property
    def length(self) -> int:
        """Frames of a clip or samples of a waveform; 0 for still images."""
        return self.shapes[self.first][1] if self.first in SEQUENCES else 0

    @cached_property
    def grey(self) -> bool:
        """Whether no image has colour; false for sound (N, S)."""
        if len(self.shapes[self.first]) < 3:
            return False
        chunks = (self.read(self.first, index) for index in torch.arange(len(self)).split(CHUNK))
        return all(bool((x[..., :1, :, :] == x[..., 1:3, :, :]).all()) for x in chunks)

    @cached_property
    def speakers(self) -> int:
        """Number of speakers of labelled waveforms."""
        return int(self.read("speaker", torch.arange(len(self))).max()) + 1 if "speaker" in self.shapes else 0


class MemorySource(Source):
    """Arrays on the device."""

    def __init__(self, arrays: dict[str, Tensor], *, classes: int = 0, size_px: int = 0, rate_hz: int = 0) -> None:
        shapes = {name: tuple(array.shape) for name, array in arrays.items()}
        super().__init__(shapes, next(iter(arrays.values())).device, classes, size_px, rate_hz)
        self.arrays = arrays

    def read(self, name: str, index: Tensor) -> Tensor:
        return self.arrays[name][index.to(self.device)]


class FileSource(Source):
    """Arrays in the prepared file, memory-mapped."""

    def __init__(self, file: Path, modality: Modality, device: str) -> None:
        split = map_split(file, _names(modality))
        self.arrays = {name: split.arrays[name] for name in ARRAYS[modality]}
        self.depth = split.arrays.get("depth")
        shapes = {name: array.shape for name, array in self.arrays.items()}
        if self.depth is not None:
            shapes["image"] = (shapes["image"][0], shapes["image"][1] + 1, *shapes["image"][2:])
        super().__init__(shapes, torch.device(device), len(split.classes), split.size_px, split.rate_hz)

    def read(self, name: str, index: Tensor) -> Tensor:
        numbers = index.cpu().numpy()
        rows = self.arrays[name][numbers]
        if name == "image" and self.depth is not None:
            rows = np.concatenate([rows, quantised_depth(self.depth[numbers])], 1)
        return torch.from_numpy(rows).to(self.device)


def open_source(file: Path, modality: Modality, device: str, in_memory_bytes: int | None = None) -> Source:
    """Return the examples of a prepared split, in memory up to ``in_memory_bytes`` (by default 8 GiB), else memory-mapped.

    Only the arrays of the modality are read, so a method without labels in its modality cannot use them.
    """
    if stored_bytes(file, _names(modality)) > (IN_MEMORY_BYTES if in_memory_bytes is None else in_memory_bytes):
        return FileSource(file, modality, device)
    split = read_split(file, ARRAYS[modality], with_depth=modality == "image_depth")
    arrays = {name: torch.from_numpy(array).to(device) for name, array in split.arrays.items()}
    return MemorySource(arrays, classes=len(split.classes), size_px=split.size_px, rate_hz=split.rate_hz)


def _names(modality: Modality) -> tuple[str, ...]:
    return (*ARRAYS[modality], "depth") if modality == "image_depth" else ARRAYS[modality]
