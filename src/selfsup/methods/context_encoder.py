"""Context encoders: a network fills in a hole, trained by reconstruction, against a discriminator, or both."""

import torch
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.inpainting import discriminator_loss, generator_loss, overlap_reconstruction, overlap_weights
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Objective, Panel, Prediction, Step, Views
from selfsup.nn.decoders import ChannelwiseFullyConnected, discriminator, up_convolutions
from selfsup.nn.encoder import Encoder
from selfsup.specs.augmentation import Mask
from selfsup.specs.spec import Probability
from selfsup.views import holes

SHOWN_IMAGES = 4
DISCRIMINATOR = "discriminator"


class ContextEncoder(Method):
    """Inpainting: encoder, channel-wise fully connected bottleneck, decoder; a discriminator where its weight is not 0.

    The generator is updated first and passes its prediction, detached, to the discriminator's loss. Both losses of a step
    use the discriminator's weights before its update, as in the published code.

    Args:
        mask: the hidden part of the image.
        overlap_px: width in pixels of the border around a hole that is also predicted.
        overlap_weight: weight of that border in the reconstruction.
        reconstruction_weight: weight of the squared error.
        adversarial_weight: weight of the adversarial loss; 0 for no discriminator.
        decoder_width: channels of the decoder's last hidden layer.
        discriminator_width: channels of the discriminator's first layer.
        flip_probability: probability that an image is mirrored.

    Source: Pathak et al. 2016, sections 3.1 to 3.3 and 4.
    Differs: the hole is filled with the mean colour of the image's own context, not with one constant of ImageNet's;
    the central hole has half of each side and the prediction extends beyond it, where the published code keeps the
    prediction at half and shrinks the hole; images are flipped, not cropped; for random blocks the discriminator's input
    is the original outside of the predicted region, where the published code has the output everywhere.
    """

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        mask: Mask,
        overlap_px: NonNegativeInt,
        overlap_weight: PositiveFloat,
        reconstruction_weight: NonNegativeFloat,
        adversarial_weight: NonNegativeFloat,
        decoder_width: PositiveInt,
        discriminator_width: PositiveInt,
        flip_probability: Probability,
    ) -> None:
        super().__init__(encoder, info)
        self.mask = mask
        _check(info, mask, overlap_px, reconstruction_weight, adversarial_weight)
        self.overlap_px = overlap_px
        self.overlap_weight = overlap_weight
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.decoder_width = decoder_width
        self.discriminator_width = discriminator_width
        self.flip_probability = flip_probability
        side_px = _map_side_px(encoder, info.size_px)
        bottleneck = nn.Sequential(
            ChannelwiseFullyConnected(encoder.feature_dim, side_px),
            nn.ReLU(),
            nn.Conv2d(encoder.feature_dim, encoder.feature_dim, 1, bias=False),
            nn.BatchNorm2d(encoder.feature_dim),
            nn.ReLU(),
        )
        decoder = up_convolutions(encoder.feature_dim, side_px, info.size_px, decoder_width)
        self.bottleneck, self.decoder = (part.to(memory_format=torch.channels_last) for part in (bottleneck, decoder))
        self.judged = _judged(mask, info.size_px, overlap_px)
        if adversarial_weight:  # last, so that all variants of a seed start from the same generator
            network = discriminator(self.judged.stop - self.judged.start, discriminator_width)
            self.discriminator = network.to(memory_format=torch.channels_last)

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``flip`` (N,) bool, and for random blocks their ``corner`` (N, blocks, 2)."""
        draws = {"flip": torch.rand(examples, generator=generator) < self.flip_probability}
        if self.mask.name == "blocks":
            blocks = self.mask.blocks
            draws["corner"] = holes.draw_corners(examples, generator, size_px=self.info.size_px, blocks=blocks)
        return draws

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` and ``masked`` (N, 3, H, W) in [0, 1], ``mask`` (N, H, W) bool, true in the hole, and the
        ``weight`` (N, H, W) of each pixel's reconstruction."""
        image = batch["image"].float() / 255
        image = torch.where(draws["flip"][:, None, None, None], image.flip(3), image)
        corner = draws["corner"] if "corner" in draws else holes.central_corner(len(image), self.info.size_px)
        mask = holes.hole_mask(corner.to(image.device), self.info.size_px)
        weight = overlap_weights(mask, self.overlap_px, self.overlap_weight)
        return {"image": image, "masked": holes.mean_filled(image, mask), "mask": mask, "weight": weight}

    def objectives(self) -> dict[str, Objective]:
        """Return the generator and then the discriminator, if there is one."""
        named = dict(self.named_parameters())
        of_discriminator = {n: p for n, p in named.items() if n.startswith(f"{DISCRIMINATOR}.")}
        of_generator = {n: p for n, p in named.items() if n not in of_discriminator}
        objectives = {"generator": Objective(self.loss, of_generator)}
        if of_discriminator:
            objectives[DISCRIMINATOR] = Objective(self.discriminator_loss, of_discriminator)
        return objectives

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the generator's loss, the weighted sum of both, of colours in [-1, 1], the scale of the paper's weights.

        ``extras`` has its ``prediction`` (N, 3, H, W).
        """
        prediction = self._predict(views["masked"])
        reconstruction = overlap_reconstruction(prediction, _signed(views["image"]), views["weight"])
        loss, metrics = self.reconstruction_weight * reconstruction, {"reconstruction": reconstruction.detach()}
        if self.adversarial_weight:
            frozen = {name: p.detach() for name, p in self.discriminator.named_parameters()}
            adversarial = generator_loss(
                functional_call(self.discriminator, frozen, (self._judged_part(prediction, views),))
            )
            loss = loss + self.adversarial_weight * adversarial
            metrics["adversarial"] = adversarial.detach()
        return LossOutput(loss, metrics, {"prediction": prediction.detach()})

    def discriminator_loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the discriminator's loss on the images and on the generator's prediction of the same step."""
        with torch.no_grad():
            prediction = extras["prediction"] if "prediction" in extras else self._predict(views["masked"])
        real = self.discriminator(_signed(views["image"])[..., self.judged, self.judged])
        generated = self.discriminator(self._judged_part(prediction, views))
        correct = torch.cat([real > 0, generated < 0]).float().mean()
        return LossOutput(discriminator_loss(real, generated), {"accuracy": correct})

    def predict(self, views: Views) -> Prediction:
        """Return ``original``, ``masked`` and ``filled`` images, and ``mask`` (M, H, W) uint8, 1 in the hole."""
        prediction = (self._predict(views["masked"]) + 1) / 2
        filled = torch.where(views["mask"][:, None], prediction, views["image"])
        images = {"original": views["image"], "masked": views["masked"], "filled": filled}
        return Prediction("inpainting", images, {"mask": views["mask"].to(torch.uint8)})

    @torch.no_grad()
    def complete(self, image: Tensor, hole: Tensor | None = None) -> Prediction:
        """Return the image as ``original``, ``masked`` and ``filled``; by default the hole is a square in its middle.

        The network sees a square at the size of training in which the hole is as large as one of training, in its middle;
        beyond the image's edges it is mirrored.
        """
        size_px, blocks = self.info.size_px, self.mask.blocks if self.mask.name == "blocks" else 1
        side_px = holes.block_side_px(size_px, blocks)
        fraction = side_px / size_px
        hole = holes.middle_square(image, fraction) if hole is None else hole
        masked = holes.mean_filled(image, hole[None])
        place = holes.square_around(hole, fraction)
        seen = F.interpolate(holes.cut_square(masked, *place), size=(size_px, size_px), mode="bilinear", antialias=True)
        corner = torch.full((1, blocks, 2), (size_px - side_px) // 2, device=image.device)
        draws = {"flip": torch.zeros(1, dtype=torch.bool, device=image.device), "corner": corner}
        filled = self.predict(self.views({"image": (seen * 255).round().byte()}, draws)).images["filled"]
        filled = F.interpolate(filled, size=2 * (len(place[0]),), mode="bicubic", antialias=True).clamp(0, 1)
        filled = torch.where(hole, holes.paste_square(masked, filled, *place), image)
        return Prediction("inpainting", {"original": image, "masked": masked, "filled": filled})

    def panels(self, views: Views) -> list[Panel]:
        images = torch.stack([views[name][:SHOWN_IMAGES] for name in ("masked", "image")], dim=1)
        captions = [text for number in range(len(images)) for text in (f"image {number + 1}", "the answer")]
        return [Panel("What was in the hole?", images.flatten(0, 1), captions)]

    def _predict(self, masked: Tensor) -> Tensor:
        """Return the prediction (N, 3, H, W) in [-1, 1] for every pixel; only the predicted region is used."""
        maps = list(self.encoder.maps(masked).values())[-1]
        size_px = self.info.size_px
        return self.decoder(self.bottleneck(maps))[..., :size_px, :size_px]

    def _judged_part(self, prediction: Tensor, views: Views) -> Tensor:
        """Return the discriminator's input: the predicted region, for blocks with the image around it."""
        region = views["weight"][:, None] > 0
        return torch.where(region, prediction, _signed(views["image"]))[..., self.judged, self.judged]


def _signed(image: Tensor) -> Tensor:
    return image * 2 - 1


def _judged(mask: Mask, size_px: int, overlap_px: int) -> slice:
    """Return the rows, and likewise the columns, of the discriminator's input."""
    if mask.name == "blocks":
        return slice(0, size_px)
    side = holes.block_side_px(size_px, 1)
    start = (size_px - side) // 2
    return slice(start - overlap_px, start + side + overlap_px)


@torch.no_grad()
def _map_side_px(encoder: Encoder, size_px: int) -> int:
    """Return the side of the encoder's last map, in evaluation mode, so that BatchNorm's statistics stay."""
    encoder.eval()
    side = list(encoder.maps(torch.zeros(1, 3, size_px, size_px)).values())[-1].shape[-1]
    encoder.train()
    return side


def _check(
    info: DataInfo, mask: Mask, overlap_px: int, reconstruction_weight: float, adversarial_weight: float
) -> None:
    if not reconstruction_weight and not adversarial_weight:
        raise InputError(
            "hyper.reconstruction_weight and hyper.adversarial_weight are both 0, so there is no loss; set one above 0"
        )
    blocks = mask.blocks if mask.name == "blocks" else 1
    side = holes.block_side_px(info.size_px, blocks)
    if side < 2:
        raise InputError(
            f"hyper.mask.blocks is {blocks}, which leaves blocks of {side} px in images of {info.size_px} px; set fewer"
        )
    if overlap_px > (info.size_px - side) // 2:
        raise InputError(
            f"hyper.overlap_px is {overlap_px}, more than the border around a hole of {side} px in an image of "
            f"{info.size_px} px; set {(info.size_px - side) // 2} or less"
        )
