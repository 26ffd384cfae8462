"""Contrastive predictive coding on images: from the rows above, which patch is k rows below?"""

import math
from typing import Self

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.cpc import cpc
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Pretext, Step, Views
from selfsup.methods.parts.view_pairs import check_batch
from selfsup.nn.encoder import Encoder
from selfsup.nn.patch_grid import PatchGrid, PatchGridEncoder
from selfsup.nn.row_context import RowContext
from selfsup.specs.spec import Probability
from selfsup.views.color import grayscale_
from selfsup.views.crops import resized_crop
from selfsup.views.patches import PADDING, draw_shift, grid_size, patch_grid

SHOWN_IMAGES = 2


class CPCImage(Method):
    """A grid of overlapping patches, an encoder for each, a context from top to bottom, and predictions of rows below.

    The paper's encoder has no BatchNorm: its statistics would reveal the rows below to the context, and those of patches
    would not fit complete images. Here the backbones are those of every method, with frozen BatchNorm (``train``) and
    convolutions initialised to keep the scale without it (He et al. 2015).

    Args:
        crop_px: side in pixels of the crop that is cut into patches.
        patch_px: side in pixels of a patch.
        stride_px: distance in pixels between neighbouring patches.
        subcrop_px: side in pixels of the part of each patch that is kept, at a random position.
        rows_predicted: number of predicted rows below.
        context_width: channels of the context network.
        context_blocks: blocks of the context network.
        flip_probability: probability that an image is mirrored.
        gray_probability: probability that an image loses its colours.

    Source: van den Oord et al. 2018 (CPC), section 3.2.
    Differs: the pooled map is the encoder's last, where the paper's is the third of ResNet-101's four; the context's
    blocks are those of CPC v2, since the paper does not give them; images are cropped, not resized, to the grid. The probe of
    patches takes the mean over the grid, as the paper's; other evaluations show the encoder whole colour images.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        crop_px: PositiveInt,
        patch_px: PositiveInt,
        stride_px: PositiveInt,
        subcrop_px: PositiveInt,
        rows_predicted: PositiveInt,
        context_width: PositiveInt,
        context_blocks: PositiveInt,
        flip_probability: Probability,
        gray_probability: Probability,
    ) -> None:
        super().__init__(encoder, info)
        check_batch(info)
        _check(info, crop_px, patch_px, stride_px, subcrop_px, rows_predicted)
        self.crop_px = crop_px
        self.patch_px = patch_px
        self.stride_px = stride_px
        self.subcrop_px = subcrop_px
        self.rows_predicted = rows_predicted
        self.context_width = context_width
        self.context_blocks = context_blocks
        self.flip_probability = flip_probability
        self.gray_probability = gray_probability
        self.grid = grid_size(crop_px, patch_px, stride_px)
        for module in encoder.modules():
            if isinstance(module, nn.Conv2d):  # no BatchNorm will restore the scale that torch's default loses
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        self.context = RowContext(encoder.feature_dim, context_width, context_blocks)
        self.predict_rows = nn.ModuleList(  # W_k of equation 3
            nn.Linear(encoder.feature_dim, encoder.feature_dim, bias=False) for _ in range(rows_predicted)
        )

    def train(self, mode: bool = True) -> Self:
        """Set the mode of all but the encoder's BatchNorm, which keeps its initial mean 0 and variance 1.

        It is then a scale and a shift of each channel, and no patch's embedding depends on another patch.
        """
        super().train(mode)
        for module in self.encoder.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``corner`` (N, 2) pixels down and right, ``flip`` and ``gray`` (N,) bool, ``shift`` (N, R, C, 2) pixels."""
        room_px = self.info.size_px - self.crop_px
        return {
            "corner": torch.randint(0, room_px + 1, (examples, 2), generator=generator),
            "flip": torch.rand(examples, generator=generator) < self.flip_probability,
            "gray": torch.rand(examples, generator=generator) < self.gray_probability,
            "shift": draw_shift(examples, self.grid, self.patch_px - self.subcrop_px, generator),
        }

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return the crops ``image`` (N, 3, crop_px, crop_px) and their ``patch`` (N, R, C, 3, patch_px, patch_px)."""
        box = torch.cat([draws["corner"], torch.full_like(draws["corner"], self.crop_px)], 1)
        image = grayscale_(resized_crop(batch["image"], box, draws["flip"], self.crop_px), draws["gray"])
        sizes = {"patch_px": self.patch_px, "stride_px": self.stride_px, "subcrop_px": self.subcrop_px}
        return {"image": image, "patch": patch_grid(image, draws["shift"], **sizes)}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        latents, context = self._encode(views["patch"])
        losses, accuracies = cpc(latents, torch.stack([predict(context) for predict in self.predict_rows]))
        metrics = {f"accuracy_step_{k}": accuracy for k, accuracy in enumerate(accuracies, start=1)}
        return LossOutput(losses.mean(), metrics)

    @torch.no_grad()
    def pretext(self, views: Views) -> Pretext:
        """Return the matching of one patch of each image with the patch k rows below, which shares no pixel with it.

        Rows are the N upper patches, then the N lower ones. An upper patch finds its match by its prediction, from the rows
        above it too; a lower one is matched to the patch whose prediction gives it the highest probability.
        """
        above, below, column, k = self._positions()
        latents, context = self._encode(views["patch"])
        upper, lower = ((x[:, above, column], x[:, below, column]) for x in (latents, context))
        z, predicted = torch.cat(upper), self.predict_rows[k - 1](torch.cat(lower))
        score = (predicted @ z.T).fill_diagonal_(-torch.inf).log_softmax(1)
        images = len(upper[0])
        answer = torch.cat([score[:images].argmax(1), score[:, images:].argmax(0)])
        rows = torch.arange(2 * images, device=answer.device)
        target = rows.roll(images)
        patches = torch.cat([views["patch"][:, above, column], views["patch"][:, below, column]])
        return Pretext("matching", patches, target, answer == target)

    def panels(self, views: Views) -> list[Panel]:
        """Return for each of two images the part that the context depends on, the query patch framed, and candidates."""
        return [self._panel(views, number) for number in range(SHOWN_IMAGES)]

    def encoders(self) -> dict[str, Encoder]:
        """Return also ``patches``, which shows the encoder the grid of the centre crop as in pretraining."""
        grid = PatchGrid(
            side=self.grid,
            patch_px=self.patch_px,
            stride_px=self.stride_px,
            padding_px=self.patch_px - self.subcrop_px,
            gray=self.gray_probability == 1,  # it never saw colour
        )
        return {"image": self.encoder, "patches": PatchGridEncoder(self.encoder, grid)}

    def _encode(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Return latents z and contexts c, both (N, R, C, D), of patches (N, R, C, 3, h, w)."""
        latents = self.encoder(patches.flatten(0, 2)).unflatten(0, patches.shape[:3])
        return latents, self.context(latents.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    def _positions(self) -> tuple[int, int, int, int]:
        """Return the upper row, the lower row, the column and the step k of ``pretext`` and ``panels``."""
        k = min(self.rows_predicted, math.ceil(self.patch_px / self.stride_px))
        return self.grid - 1 - k, self.grid - 1, self.grid // 2, k

    def _panel(self, views: Views, number: int) -> Panel:
        above, below, column, k = self._positions()
        patches, other = views["patch"][number], views["patch"][1 - number]
        past = views["image"][number].clone()
        top, left = above * self.stride_px, column * self.stride_px
        past[:, top + self.patch_px :] = PADDING
        _frame(past, top, left, self.patch_px)
        candidates = torch.stack([patches[below, column], patches[below, 0], patches[1, column], other[below, column]])
        pictures = torch.cat([past[None], F.interpolate(candidates, size=self.crop_px)])
        captions = ["input", "the answer", "other column", "other row", "other image"]
        return Panel(f"Which patch is {k} rows below the framed one?", pictures, captions)


def _frame(image: Tensor, top: int, left: int, size_px: int) -> None:
    """Paint a white frame, one pixel wide, inside a square of image (3, H, W), in place."""
    bottom, right = top + size_px - 1, left + size_px - 1
    image[:, [top, bottom], left : right + 1] = 1.0
    image[:, top : bottom + 1, [left, right]] = 1.0


def _check(info: DataInfo, crop_px: int, patch_px: int, stride_px: int, subcrop_px: int, rows_predicted: int) -> None:
    if crop_px > info.size_px:
        raise InputError(
            f"hyper.crop_px is {crop_px}, more than the images' {info.size_px}; prepare larger images (size_px)"
        )
    if patch_px > crop_px or (crop_px - patch_px) % stride_px:
        raise InputError(
            f"hyper.crop_px is {crop_px}, which patches of {patch_px} pixels every {stride_px} do not fill; "
            "set patch_px plus a multiple of stride_px"
        )
    if subcrop_px > patch_px:
        raise InputError(f"hyper.subcrop_px is {subcrop_px}, more than patch_px; set at most {patch_px}")
    rows = grid_size(crop_px, patch_px, stride_px)
    if rows_predicted >= rows:
        raise InputError(
            f"hyper.rows_predicted is {rows_predicted}, but the grid has {rows} rows; set at most {rows - 1}"
        )
