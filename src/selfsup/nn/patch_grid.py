"""An image as a grid of patches, each encoded alone: the input of methods that never saw a whole image."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.nn.encoder import Encoder
from selfsup.views import patches
from selfsup.views.color import luma

PATCHES_AT_ONCE = 500  # all of a batch of images would not fit in the cache


@dataclass(frozen=True)
class PatchGrid:
    """A square grid in the centre of an image, its patches shown as in pretraining but without random numbers.

    ``side`` patches along each axis, ``patch_px`` wide and ``stride_px`` apart; ``padding_px`` of a patch's width are grey
    padding around its centre; ``gray``: patches without colour; ``normalised``: each by itself to one mean and deviation.
    """

    side: int
    patch_px: int
    stride_px: int
    padding_px: int = 0
    gray: bool = False
    normalised: bool = False

    @classmethod
    def covering(cls, size_px: int, patch_px: int) -> "PatchGrid":
        """Return the grid of normalised patches that overlap by half, as many as fit into images of ``size_px``.

        Without the gaps of pretraining, which are there to make its task harder: a probe would miss what lies in them.
        """
        stride_px = math.ceil(patch_px / 2)
        return cls(patches.grid_size(size_px, patch_px, stride_px), patch_px, stride_px, normalised=True)

    def cut(self, images: Tensor) -> Tensor:
        """Return patches (N, R, C, 3, ``patch_px``, ``patch_px``), R = C = ``side``, of images (N, 3, H, W).

        Images are uint8 or float in [0, 1]. Raises InputError for images that are smaller than the grid.
        """
        extent_px = (self.side - 1) * self.stride_px + self.patch_px
        top, left = ((side_px - extent_px) // 2 for side_px in images.shape[2:])
        if min(top, left) < 0:
            raise InputError(
                f"images have {min(images.shape[2:])} px, but the grid of patches of the run takes {extent_px}; "
                "prepare larger images (size_px)"
            )
        centre = images[:, :, top : top + extent_px, left : left + extent_px]
        centre = centre.float() / 255 if centre.dtype == torch.uint8 else centre
        if self.gray:
            centre = luma(centre)[:, None].expand_as(centre)
        cut = (
            centre.unfold(2, self.patch_px, self.stride_px)
            .unfold(3, self.patch_px, self.stride_px)
            .permute(0, 2, 3, 1, 4, 5)
        )
        if self.padding_px:
            before, after = self.padding_px // 2, self.padding_px - self.padding_px // 2
            kept = slice(before, self.patch_px - after)
            cut = F.pad(cut[..., kept, kept], (before, after, before, after), value=patches.PADDING)
        return patches.normalised(cut) if self.normalised else cut


class PatchGridEncoder(Encoder):
    """An encoder of patches, given images: a layer's map (N, D, R, C) has at each patch the mean over that patch's map.

    ``description`` is ``{"input": "patch_grid", "encoder": its description, "grid": the fields of PatchGrid}``.

    Source: van den Oord et al. 2018 (CPC), section 3.2: the probe takes the mean over the grid of patches.
    """

    def __init__(self, encoder: Encoder, grid: PatchGrid) -> None:
        description: dict[str, Any] = {
            "input": "patch_grid",
            "encoder": encoder.description,
            "grid": asdict(grid),
        }
        super().__init__(encoder.layers, description, encoder.inputs)
        self.encoder = encoder
        self.grid = grid

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        parts = [self._maps(images) for images in x.split(max(1, PATCHES_AT_ONCE // self.grid.side**2))]
        return {layer: torch.cat([part[layer] for part in parts]) for layer in self.layers}

    def forward(self, x: Tensor) -> Tensor:
        cut = self.grid.cut(x)
        features: Tensor = self.encoder(cut.flatten(0, 2))
        return features.unflatten(0, cut.shape[:3]).mean((1, 2))

    def _maps(self, images: Tensor) -> dict[str, Tensor]:
        cut = self.grid.cut(images)
        means = {layer: values.flatten(2).mean(2) for layer, values in self.encoder.maps(cut.flatten(0, 2)).items()}
        return {layer: values.unflatten(0, cut.shape[:3]).permute(0, 3, 1, 2) for layer, values in means.items()}
