"""Encoders: raw images, sound or tokens to layers and features; rebuilt from a JSON description by ``nn/`` alone."""

import hashlib
import json
import math
from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from selfsup import extensions
from selfsup.errors import InputError
from selfsup.nn.heads import projection_head
from selfsup.nn.inputs import CHANNELS, preprocess, preprocess_as
from selfsup.nn.pooling import Tokens


class Encoder(nn.Module, ABC):
    """Images (N, 3, H, W), uint8 or float in [0, 1], to layers and features; (N, 4, H, W) with depth.

    Maps of waveforms (N, S) and of tokens (N, L) are (N, C, T). ``layers`` {name: C}, first to last; ``description`` is the
    JSON that ``build`` takes; ``inputs`` names the input of each part (nn/inputs.py).
    """

    def __init__(self, layers: dict[str, int], description: dict[str, Any], inputs: tuple[str, ...]) -> None:
        super().__init__()
        self.layers = dict(layers)
        self.description = dict(description)
        self.inputs = inputs
        self.preprocess = partial(preprocess, kind=inputs[0])

    @property
    def input(self) -> str:
        """The kind of input; of several parts, all their kinds."""
        return " and ".join(dict.fromkeys(self.inputs))

    @property
    def feature_dim(self) -> int:
        """D, the length of a feature vector."""
        return list(self.layers.values())[-1]

    @property
    def needs_depth(self) -> bool:
        """Whether x must have depth as a fourth channel."""
        return "depth" in self.inputs

    @property
    def modality(self) -> str:
        """What x is: ``image``, ``waveform`` or ``tokens``."""
        return self.inputs[0] if self.inputs[0] in ("waveform", "tokens") else "image"

    @abstractmethod
    def maps(self, x: Tensor) -> dict[str, Tensor]:
        """Return {layer: (N, C, H', W')}."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, D): the mean over the last layer's map, or another pooling that the description names."""

    def tokens(self, x: Tensor, keep: Tensor | None = None) -> dict[str, Tokens]:
        """Return {layer: Tokens}; with ``keep`` (N, L'), an int64 index of patches, only these are computed.

        Raises InputError for ``keep`` where the backbone has no patches that could be left out.
        """
        if keep is not None:
            name = self.description.get("backbone", "of several parts")
            raise InputError(
                f"encoder.backbone {name} cannot leave patches out; set encoder.backbone to a Transformer, such as vit"
            )
        return {layer: Tokens.of_map(layer_map) for layer, layer_map in self.maps(x).items()}

    @property
    def attention_heads(self) -> dict[str, int]:
        """{layer: heads} of the layers whose attention it returns; empty for convolutions."""
        return {}

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return {layer: (N, heads, L, L)}, whose rows sum to 1, the class token first; empty for convolutions."""
        return {}

    @property
    def entrance(self) -> nn.Module | None:
        """The module that every input passes first; None where an encoder within this one has it."""
        return None

    def positions(self, inputs: tuple[Any, ...]) -> int:
        """Return how many pixels, or samples, of a batch these arguments of ``entrance`` have."""
        return math.prod(inputs[0].shape[i] for i in (0, -2, -1))


class StagedEncoder(Encoder):
    """A chain of named stages, each a map to the next; ``description`` is ``{"backbone": module name, ...its arguments}``."""

    def __init__(self, stages: dict[str, nn.Module], channels: dict[str, int], description: dict[str, Any]) -> None:
        super().__init__(channels, description, (str(description.get("input", "rgb")),))
        self.stages = nn.ModuleDict(stages)

    @property
    def entrance(self) -> nn.Module:
        return next(iter(self.stages.values()))

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        x = self.preprocess(x)
        maps = {}
        for name, stage in self.stages.items():
            x = stage(x)
            maps[name] = x
        return maps

    def forward(self, x: Tensor) -> Tensor:
        x = self.preprocess(x)
        for stage in self.stages.values():
            x = stage(x)
        return x.mean(tuple(range(2, x.ndim)))


class ConcatenatedEncoder(Encoder):
    """Encoders of different channels of an image; their maps are concatenated layer by layer.

    ``description`` is ``{"parts": [description, ...]}``; all parts have the same layers, at the same resolutions.

    Source: Zhang et al. 2017 (Split-brain autoencoders), section 3.1.
    """

    def __init__(self, parts: list[Encoder]) -> None:
        layers = {layer: sum(part.layers[layer] for part in parts) for layer in parts[0].layers}
        description = {"parts": [part.description for part in parts]}
        super().__init__(layers, description, tuple(kind for part in parts for kind in part.inputs))
        self.parts = nn.ModuleList(parts)

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        part_maps = [part.maps(x) for part in self.parts if isinstance(part, Encoder)]
        return {layer: torch.cat([maps[layer] for maps in part_maps], 1) for layer in self.layers}

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([part(x) for part in self.parts], 1)


class ProjectedEncoder(Encoder):
    """An encoder with its projection head on top, g(h) of h: one layer, ``projection``, a map of 1 x 1.

    ``description`` is ``{"projected": the encoder's description, "head": arguments of projection_head}``.

    Source: Chen et al. 2020 (SimCLR), section 4.2, which compares the layers before and after the head.
    """

    def __init__(self, encoder: Encoder, projection: nn.Module, head: dict[str, Any]) -> None:
        width = encoder.feature_dim if head["kind"] == "none" else int(head["out_dim"])
        description = {"projected": encoder.description, "head": dict(head)}
        super().__init__({"projection": width}, description, encoder.inputs)
        self.encoder = encoder
        self.projection = projection

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        return {"projection": self(x)[:, :, None, None]}

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.projection(self.encoder(x))
        return projected


def build(description: dict[str, Any]) -> Encoder:
    """Return a freshly initialised encoder of a description, channels last."""
    if "parts" in description:
        return ConcatenatedEncoder([build(part) for part in description["parts"]])
    if "projected" in description:
        encoder, head = build(description["projected"]), description["head"]
        return ProjectedEncoder(encoder, projection_head(features=encoder.feature_dim, **head), head)
    if description.get("input") == "patch_grid":
        from selfsup.nn.patch_grid import PatchGrid, PatchGridEncoder  # it imports this module

        return PatchGridEncoder(build(description["encoder"]), PatchGrid(**description["grid"]))
    if description.get("input") == "imported":
        return _imported(description)
    arguments = {key: value for key, value in description.items() if key not in ("backbone", "input")}
    module = extensions.load(f"nn.backbones.{description['backbone']}")
    backbone = module.build(in_channels=CHANNELS[description.get("input", "rgb")], **arguments)
    if isinstance(backbone, tuple):
        stages, channels = backbone
        return StagedEncoder(stages, channels, description).to(memory_format=torch.channels_last)
    # Of a Network, which is not named here: runs of other encoders do not depend on it.
    network: Encoder = backbone.encoder(description)
    return network.to(memory_format=torch.channels_last)


def _imported(description: dict[str, Any]) -> Encoder:
    """Return the encoder of imported weights with their preprocessing; see nn/imported.py."""
    encoder = build({key: value for key, value in description.items() if key not in ("input", "preprocessing")})
    encoder.preprocess = partial(preprocess_as, **description["preprocessing"])
    encoder.description = description
    return encoder


def digest(encoder: nn.Module) -> str:
    """Return the sha256 of every weight and buffer, by name: equal before and after means frozen."""
    content = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        content.update(name.encode())
        content.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return content.hexdigest()


def save_encoder(encoder: Encoder, folder: Path, size_px: int = 0) -> None:
    """Write ``encoder.safetensors`` and ``encoder.json`` (description, layers, digest, and the side of the images that it was
    pretrained on, 0 for what is no image); equal encoders, equal bytes."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(encoder.state_dict().items())}
    (folder / "encoder.safetensors").write_bytes(save(state))
    facts = {
        "description": encoder.description,
        "layers": encoder.layers,
        "digest": digest(encoder),
        "size_px": size_px,
    }
    (folder / "encoder.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def load_encoder(folder: Path | str) -> Encoder:
    """Return the encoder in a run's folder, in evaluation mode; ValueError where its digest is not the written one."""
    folder = Path(folder)
    facts = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    encoder = build(facts["description"])
    encoder.load_state_dict(load_file(folder / "encoder.safetensors"))
    if digest(encoder) != facts["digest"]:
        raise ValueError(f"{folder}/encoder.safetensors does not have the digest of its encoder.json")
    return encoder.eval()
