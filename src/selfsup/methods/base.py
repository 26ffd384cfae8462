"""What a self-supervised method is: views, objectives with losses, and an encoder to keep."""

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
    """What a method may know of the data and the training: counts, sizes, its table, never an example.

    ``size_px`` is 0 for sound; ``length`` counts the frames of a clip or the samples of a waveform, 0 for still images,
    ``rate_hz`` the samples of a second, ``speakers`` who speaks in labelled waveforms. ``grey`` says that no training image
    has a colour; ``table`` is what the recipe's ``table`` made (tables/), empty where it names none.
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
    """Where training stands, for schedules of momentum, temperature or weight decay: ``index`` of ``total``, from 0."""

    index: int
    total: int

    @property
    def fraction(self) -> float:
        """The share of training that is done: 0 at the first step, below 1 at the last."""
        return self.index / self.total


@dataclass(frozen=True)
class LossOutput:
    """What one loss returns: the scalar to minimise, scalars to log, detached tensors for later objectives and after_step."""

    loss: Tensor
    metrics: dict[str, Tensor] = field(default_factory=dict)
    extras: Extras = field(default_factory=dict)


@dataclass(frozen=True)
class Objective:
    """One loss and the only parameters that it may move, by name, so that decay can skip norms and biases."""

    loss: Callable[[Views, Extras, Step], LossOutput]
    parameters: dict[str, nn.Parameter]


@dataclass(frozen=True)
class Pretext:
    """The pretext task on some images, so that an untrained network and a colour histogram can try it too.

    ``images`` (M, 3, H, W) in [0, 1], just what the encoder is given, or (M, P, 3, H, W) where it is given P patches
    of each; ``target`` (M,) the class, or for ``matching`` the row that holds the other view of the same image;
    ``group`` (M,) rows that compete with each other in ``matching`` (those of one batch); ``correct`` (M,) whether the
    method answered right.
    """

    kind: Literal["classification", "matching"]
    images: Tensor
    target: Tensor
    group: Tensor
    correct: Tensor


@dataclass(frozen=True)
class Prediction:
    """What a method makes of held-out images, for evaluations and the gallery.

    ``kind`` says which evaluation reads it; ``images`` {name: (M, 3, H, W) in [0, 1]} are kept as 8 bits, ``arrays``
    {name: (M, ...)} as they are.
    """

    kind: Literal["inpainting", "colorization", "video_colorization"]
    images: dict[str, Tensor]
    arrays: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """A row of the gallery: images (n, 3, H, W) in [0, 1] of one size, and under each what the method must answer."""

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
        made = [
            vars(kind)["__init__"]
            for kind in reversed(cls.__mro__)
            if issubclass(kind, Method) and "__init__" in vars(kind)
        ]
        return {key: hint for init in made for key, hint in get_type_hints(init, include_extras=True).items()}

    @classmethod
    def modality_of(cls, hyper: Mapping[str, Any]) -> Modality:
        """Return the modality of a recipe's method: its key ``modality`` where it has one, else the class's."""
        asked: Modality = hyper.get("modality", cls.modality)
        return asked

    @abstractmethod
    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return all randomness of one batch's views, each tensor with ``examples`` rows, drawn on the CPU."""

    @abstractmethod
    def views(self, batch: Views, draws: Draws) -> Views:
        """Return the views of a batch, on its device.

        The batch has ``index`` (N,) and what ARRAYS names for the modality, and nothing else: ``image`` uint8
        (N, 3, H, W), with depth as a fourth channel where the modality is ``image_depth``; ``label`` (N,);
        ``clip`` uint8 (N, T, 3, H, W); ``waveform`` int16 (N, S), with ``content`` (N, F), the class of each frame or -1,
        and ``speaker`` (N,); ``caption`` uint8 (N, V, L), V phrasings in UTF-8 that end at the first 0;
        ``first`` and ``second`` uint8 (N, 3, H, W), with ``match`` (N, H, W, 2), where in pixels of ``second`` each pixel
        of ``first`` lies, NaN where nowhere, and masks uint8 (N, H, W) of object numbers, 0 the background.
        """

    @abstractmethod
    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the loss of the only objective; pure: same views, step and state, same number (BatchNorm's buffers aside)."""

    def objectives(self) -> dict[str, Objective]:
        """Return the objectives in the order in which they move; by default one, with every trainable parameter."""
        return {"main": Objective(self.loss, {n: p for n, p in self.named_parameters() if p.requires_grad})}

    def after_step(self, extras: Extras, step: Step) -> None:
        """Do what follows the optimisers' steps: a momentum update, a queue's push. By default nothing."""

    def pretext(self, views: Views) -> Pretext | None:
        """Return the pretext task and the method's own answers on these views, in evaluation mode; None: it has no task."""
        return None

    def predict(self, views: Views) -> Prediction | None:
        """Return what the method itself makes of these views, in evaluation mode; None: there is nothing to look at."""
        return None

    @abstractmethod
    def panels(self, views: Views) -> list[Panel]:
        """Return what the gallery shows of these views."""

    def encoders(self) -> dict[str, Encoder]:
        """Return what evaluations keep: ``image``, and others by name."""
        return {"image": self.encoder}
