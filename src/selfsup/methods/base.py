"""The interface of a self-supervised method: views, objectives with losses, and encoders to save."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_type_hints

import torch
from torch import Tensor, nn

from selfsup.nn.encoder import Encoder
from selfsup.specs.modality import Modality
from selfsup.specs.spec import instances

ARRAYS: dict[Modality, tuple[str, ...]] = {
    "image": ("image",),
    "labelled_image": ("image", "label"),
    "image_depth": ("image",),
    "clip": ("clip",),
    "waveform": ("waveform",),
    "labelled_waveform": ("waveform", "content", "speaker"),
    "image_text": ("image", "caption"),
    "image_pair": ("first", "second", "match", "first_mask", "second_mask"),
}
Views = dict[str, Tensor]
Draws = dict[str, Tensor]
Extras = dict[str, Tensor]


@dataclass(frozen=True)
class DataInfo:
    """The properties of the data and the training that a method may use: counts, sizes and its table, but no examples.

    ``size_px`` is 0 for sound; ``length`` is the frames of a clip or the samples of a waveform, 0 for still images;
    ``rate_hz`` is samples per second; ``grey``: no training image has colour; ``table``: the tensors of the recipe's
    ``table`` (tables/), empty without one.
    """

    examples: int
    classes: int
    size_px: int
    batch_size: int
    total_steps: int
    grey: bool = False
    length: int = 0
    rate_hz: int = 0
    speakers: int = 0
    table: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """The position in training, ``index`` of ``total`` from 0, for schedules of momentum, temperature or weight decay."""

    index: int
    total: int

    @property
    def fraction(self) -> float:
        """0 at the first step, below 1 at the last."""
        return self.index / self.total


@dataclass(frozen=True)
class LossOutput:
    """The scalar to minimise, scalars to log, and detached tensors for later objectives and ``after_step``."""

    loss: Tensor
    metrics: dict[str, Tensor] = field(default_factory=dict)
    extras: Extras = field(default_factory=dict)


@dataclass(frozen=True)
class Objective:
    """One loss and the only parameters that it updates, by name, so that decay can skip norms and biases."""

    loss: Callable[[Views, Extras, Step], LossOutput]
    parameters: dict[str, nn.Parameter]


@dataclass(frozen=True)
class Pretext:
    """The pretext task on some images, so that baselines such as an untrained network can be scored on it too.

    ``images`` (M, 3, H, W) in [0, 1] are the encoder's input, or (M, P, 3, H, W) where it takes P patches of each;
    ``target`` (M,) the class, or for ``matching`` the row of the other view of the same image; ``score`` (M,) bool, whether
    the method's answer is right, or for a ``distribution`` float, the probability that it gives to the target; ``baselines``
    {name: (M,)} are the scores of answers that need no network.
    """

    kind: Literal["classification", "distribution", "matching"]
    images: Tensor
    target: Tensor
    score: Tensor
    baselines: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Prediction:
    """A method's predictions on held-out images, for the evaluation that reads this ``kind`` and for the gallery.

    ``images`` {name: (M, 3, H, W) in [0, 1]} are stored with 8 bits, ``arrays`` {name: (M, ...)} unchanged. Images are stored
    of the first held-out ones alone, arrays of all where ``of_every_image``: where the evaluation needs no ``images``.
    """

    kind: Literal["inpainting", "colorization", "video_colorization"]
    images: dict[str, Tensor]
    arrays: dict[str, Tensor] = field(default_factory=dict)
    of_every_image: bool = False


@dataclass(frozen=True)
class Panel:
    """A row of the gallery: images (n, 3, H, W) in [0, 1] of one size, and a caption below each."""

    title: str
    images: Tensor
    captions: list[str]


class Method(nn.Module, ABC):
    """A self-supervised method. Its keyword-only arguments are its recipe, each stored unchanged under its own name."""

    modality: Modality = "image"

    def __init__(self, encoder: Encoder, info: DataInfo) -> None:
        super().__init__()
        self.encoder = encoder
        self.info = info

    @classmethod
    def from_recipe(cls, encoder: Encoder, info: DataInfo, hyper: Mapping[str, Any]) -> Self:
        """Return the method of a recipe's ``hyper``, whose nested specs are dictionaries there."""
        return cls(encoder, info, **instances(cls.hints(), hyper))

    @classmethod
    def hints(cls) -> dict[str, Any]:
        """Return {argument: type} of the method and its parents."""
        methods = [kind for kind in reversed(cls.__mro__) if issubclass(kind, Method) and "__init__" in vars(kind)]
        inits = [vars(kind)["__init__"] for kind in methods]
        return {key: hint for init in inits for key, hint in get_type_hints(init, include_extras=True).items()}

    @classmethod
    def modality_of(cls, hyper: Mapping[str, Any]) -> Modality:
        """Return the modality of a recipe's method: its key ``modality`` where it has one, else the class's."""
        modality: Modality = hyper.get("modality", cls.modality)
        return modality

    @abstractmethod
    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return all random numbers of one batch's views, each tensor with ``examples`` rows, on the CPU.

        ``flip`` (N,) bool is the name of whether an example is mirrored: predictions are of examples that are not.
        """

    @abstractmethod
    def views(self, batch: Views, draws: Draws) -> Views:
        """Return the views of a batch, on its device.

        The batch has ``index`` (N,) and only the arrays that ARRAYS names for the modality: ``image`` uint8 (N, 3, H, W),
        with depth as a fourth channel for ``image_depth``; ``label`` (N,); ``clip`` uint8 (N, T, 3, H, W); ``waveform``
        int16 (N, S), with ``content`` (N, F), the class of each frame or -1, and ``speaker`` (N,); ``caption`` uint8
        (N, V, L), V phrasings in UTF-8 that end at the first 0; ``first`` and ``second`` uint8 (N, 3, H, W), with
        ``match`` (N, H, W, 2), the position in ``second`` of each pixel of ``first``, NaN where there is none, and masks
        uint8 (N, H, W) of object numbers, 0 for the background.
        """

    @abstractmethod
    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the loss of the only objective, a pure function of views, step and state (BatchNorm's buffers aside)."""

    def objectives(self) -> dict[str, Objective]:
        """Return the objectives in the order of their updates; by default one, with every trainable parameter."""
        return {"main": Objective(self.loss, {n: p for n, p in self.named_parameters() if p.requires_grad})}

    def after_step(self, extras: Extras, step: Step) -> None:
        """Update what no optimiser does, such as a momentum encoder or a queue; by default nothing."""

    def pretext(self, views: Views) -> Pretext | None:
        """Return the pretext task and the method's answers on these views, in evaluation mode; None without a task."""
        return None

    def predict(self, views: Views) -> Prediction | None:
        """Return the method's predictions on these views, in evaluation mode; None if it predicts no images."""
        return None

    def complete(self, image: Tensor, hole: Tensor | None = None) -> Prediction | None:
        """Return an image (1, 3, H, W) in [0, 1] of any size with what the method predicts of it; None if it predicts nothing.

        ``hole`` (H, W) bool is the part to fill; methods that fill no holes ignore it, and ``kind`` tells which do. All
        ``images`` have the image's size, and the last has the prediction in it.
        """
        return None

    @abstractmethod
    def panels(self, views: Views) -> list[Panel]:
        """Return the gallery's pictures of these views."""

    def encoders(self) -> dict[str, Encoder]:
        """Return the encoders to save: ``image``, and others by name."""
        return {"image": self.encoder}
