"""CLIP: which caption belongs to which image of the batch?"""

import math
from dataclasses import asdict

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import nn

from selfsup.errors import InputError
from selfsup.losses.info_nce import clip
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Step, Views
from selfsup.methods.parts.view_pairs import check_batch
from selfsup.nn.collapse import embedding_std
from selfsup.nn.encoder import Encoder, ProjectedEncoder, build
from selfsup.nn.heads import projection_head
from selfsup.specs.networks import TextTower
from selfsup.specs.spec import AreaFraction
from selfsup.views.crops import draw_boxes, resized_crop
from selfsup.views.tokens import Tokenizer, texts

SHOWN_IMAGES = 6


class CLIP(Method):
    """Contrastive language-image pretraining.

    Args:
        temperature: initial temperature of the softmax, which is learned.
        max_logit_scale: largest value of 1 / temperature.
        out_dim: length of both projections.
        text_tower: the architecture of the text encoder.
        crop_scale_min: smallest share of the image's area that a crop keeps.

    Source: Radford et al. 2021 (CLIP), sections 2.3 to 2.5 and figure 3.
    Differs: the projections into the common space have a bias. Images with equal captions in a batch are negatives of
    each other, as in the paper, whose batches of 32,768 of 400 million pairs hardly contain any; ours of short captions do.
    """

    modality = "image_text"

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        temperature: PositiveFloat,
        max_logit_scale: PositiveFloat,
        out_dim: PositiveInt,
        text_tower: TextTower,
        crop_scale_min: AreaFraction,
    ) -> None:
        super().__init__(encoder, info)
        check_batch(info)
        _check(info, text_tower, temperature, max_logit_scale)
        vocabulary = info.table["vocabulary"]
        self.tokenizer = Tokenizer(vocabulary, text_tower.context_length)
        self.temperature = temperature
        self.max_logit_scale = max_logit_scale
        self.out_dim = out_dim
        self.text_tower = text_tower
        self.crop_scale_min = crop_scale_min
        self.text = build(
            {
                "backbone": "text_transformer",
                "input": "tokens",
                "vocabulary_size": self.tokenizer.size,
                "vocabulary_bytes": len(vocabulary),
                **asdict(text_tower),
            }
        )
        self.text.get_buffer("stages.end.vocabulary").copy_(vocabulary)
        self.image_projection = projection_head(encoder.feature_dim, "linear", out_dim)
        self.text_projection = projection_head(text_tower.width, "linear", out_dim)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return ``box`` (N, 4), a square crop, and ``phrasing`` (N,) in [0, 1), which selects one of an image's captions."""
        size = {"height_px": self.info.size_px, "width_px": self.info.size_px}
        box = draw_boxes(examples, generator, **size, scale_min=self.crop_scale_min, ratio_min=1.0, ratio_max=1.0)
        return {"box": box, "phrasing": torch.rand(examples, generator=generator)}

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return ``image`` (N, 3, H, W) in [0, 1], ``caption`` uint8 (N, L) and its ``tokens`` int64 (N, T)."""
        flip = torch.zeros_like(draws["phrasing"], dtype=torch.bool)  # none, as captions may say left or right
        image = resized_crop(batch["image"], draws["box"], flip, self.info.size_px)
        phrasings = batch["caption"]
        phrasing = (draws["phrasing"] * phrasings.shape[1]).long()
        caption = phrasings[torch.arange(len(phrasing), device=phrasing.device), phrasing]
        return {"image": image, "caption": caption, "tokens": self.tokenizer(texts(caption)).to(image.device)}

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the loss of the batch's pairs, its accuracy, the scale, and the embeddings' spread, 0 after collapse."""
        image = self.image_projection(self.encoder(views["image"]))
        text = self.text_projection(self.text(views["tokens"]))
        loss, correct = clip(image, text, self.log_scale)
        metrics = {
            "pretext_accuracy": correct.float().mean(),
            "scale": self.log_scale.detach().exp(),
            "embedding_std": embedding_std(image),
        }
        return LossOutput(loss, metrics)

    @torch.no_grad()
    def after_step(self, extras: Extras, step: Step) -> None:
        """Clip the scale to ``max_logit_scale``, as in section 2.5 of the paper, which otherwise found training unstable."""
        self.log_scale.clamp_(max=math.log(self.max_logit_scale))

    def panels(self, views: Views) -> list[Panel]:
        captions = texts(views["caption"][:SHOWN_IMAGES])
        return [
            Panel("Which of the batch's captions belongs to each image?", views["image"][: len(captions)], captions)
        ]

    def encoders(self) -> dict[str, Encoder]:
        """Return the image tower, and both towers with their projections into the common space."""
        head = {"kind": "linear", "out_dim": self.out_dim}
        return {
            "image": self.encoder,
            "projection": ProjectedEncoder(self.encoder, self.image_projection, head),
            "text": ProjectedEncoder(self.text, self.text_projection, head),
        }


def _check(info: DataInfo, text_tower: TextTower, temperature: float, max_logit_scale: float) -> None:
    if "vocabulary" not in info.table:
        raise InputError("table is missing; set {table: vocabulary, vocabulary_size: 512} to learn one from captions")
    if text_tower.width % text_tower.heads:
        raise InputError(
            f"hyper.text_tower.width is {text_tower.width}, no multiple of heads, {text_tower.heads}; set a multiple"
        )
    if text_tower.context_length < 3:
        raise InputError(
            f"hyper.text_tower.context_length is {text_tower.context_length}; start, end and a token between need 3 or more"
        )
    if 1 / temperature > max_logit_scale:
        raise InputError(
            f"hyper.temperature is {temperature:g}, whose initial scale is above hyper.max_logit_scale, {max_logit_scale:g}; "
            "raise it"
        )
