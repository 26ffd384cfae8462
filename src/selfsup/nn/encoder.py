"""The encoder: named stages behind one normalisation, rebuilt from a JSON description out of ``nn/`` alone."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from selfsup import extensions
from selfsup.nn.heads import projection_head
from selfsup.nn.inputs import CHANNELS, preprocess


class Encoder(nn.Module):
    """Images to maps and features.

    ``layers`` names each stage and its channels; ``description`` is ``{"backbone": module name, ...its arguments}``,
    with ``input`` saying what of an image it sees (nn/inputs.py).
    """

    def __init__(self, stages: dict[str, nn.Module], channels: dict[str, int], description: dict[str, Any]) -> None:
        super().__init__()
        self.stages = nn.ModuleDict(stages)
        self.layers = dict(channels)
        self.description = dict(description)
        self.input = str(description.get("input", "rgb"))

    @property
    def feature_dim(self) -> int:
        """D, the length of a feature vector."""
        return list(self.layers.values())[-1]

    @property
    def needs_depth(self) -> bool:
        """Whether x must have depth as a fourth channel."""
        return self.input == "depth"

    @property
    def modality(self) -> str:
        """What x is: ``image``, ``waveform`` or ``tokens``."""
        return self.input if self.input in ("waveform", "tokens") else "image"

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        """Return {layer: (N, C, H', W')} of images (N, 3, H, W), uint8 or float in [0, 1]; (N, 4, H, W) with depth.

        Of waveforms (N, S) and of tokens (N, L) they are (N, C, T).
        """
        x = preprocess(x, self.input)
        maps = {}
        for name, stage in self.stages.items():
            x = stage(x)
            maps[name] = x
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, D): the mean over the last layer's map."""
        x = preprocess(x, self.input)
        for stage in self.stages.values():
            x = stage(x)
        return x.mean(tuple(range(2, x.ndim)))

    def up_to(self, layer: str) -> list[nn.Module]:
        """Return the parts that make ``layer`` from an image, so that they can be frozen."""
        names = list(self.stages)
        return [self.stages[name] for name in names[: names.index(layer) + 1]]


class ConcatenatedEncoder(Encoder):
    """Encoders side by side, each seeing its own part of an image; their maps are concatenated layer by layer.

    ``description`` is ``{"parts": [description, ...]}``; all parts have the same layers, at the same resolutions.

    Source: Zhang et al. 2017 (Split-brain autoencoders), section 3.1.
    """

    def __init__(self, parts: list[Encoder]) -> None:
        nn.Module.__init__(self)
        self.parts = nn.ModuleList(parts)
        self.layers = {layer: sum(part.layers[layer] for part in parts) for layer in parts[0].layers}
        self.description = {"parts": [part.description for part in parts]}

    @property
    def needs_depth(self) -> bool:
        return any(part.needs_depth for part in self._each())

    @property
    def modality(self) -> str:
        return self._each()[0].modality

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        found = [part.maps(x) for part in self._each()]
        return {layer: torch.cat([maps[layer] for maps in found], 1) for layer in self.layers}

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([part(x) for part in self._each()], 1)

    def up_to(self, layer: str) -> list[nn.Module]:
        return [module for part in self._each() for module in part.up_to(layer)]

    def _each(self) -> list[Encoder]:
        return [part for part in self.parts if isinstance(part, Encoder)]


class ProjectedEncoder(Encoder):
    """An encoder with its projection head on top, g(h) of h: one layer, ``projection``, a map of 1 x 1.

    ``description`` is ``{"projected": the encoder's description, "head": arguments of projection_head}``.

    Source: Chen et al. 2020 (SimCLR), section 4.2, which compares the layers before and after the head.
    """

    def __init__(self, encoder: Encoder, projection: nn.Module, head: dict[str, Any]) -> None:
        nn.Module.__init__(self)
        self.encoder = encoder
        self.projection = projection
        self.layers = {"projection": encoder.feature_dim if head["kind"] == "none" else int(head["out_dim"])}
        self.description = {"projected": encoder.description, "head": dict(head)}

    @property
    def needs_depth(self) -> bool:
        return self.encoder.needs_depth

    @property
    def modality(self) -> str:
        return self.encoder.modality

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        return {"projection": self(x)[:, :, None, None]}

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.projection(self.encoder(x))
        return projected

    def up_to(self, layer: str) -> list[nn.Module]:
        return [self.encoder, self.projection]


def build(description: dict[str, Any]) -> Encoder:
    """Return a freshly initialised encoder of a description, channels last."""
    if "parts" in description:
        return ConcatenatedEncoder([build(part) for part in description["parts"]])
    if "projected" in description:
        encoder, head = build(description["projected"]), description["head"]
        return ProjectedEncoder(encoder, projection_head(features=encoder.feature_dim, **head), head)
    arguments = {key: value for key, value in description.items() if key not in ("backbone", "input")}
    module = extensions.load(f"nn.backbones.{description['backbone']}")
    stages, channels = module.build(in_channels=CHANNELS[description.get("input", "rgb")], **arguments)
    return Encoder(stages, channels, description).to(memory_format=torch.channels_last)


def digest(encoder: nn.Module) -> str:
    """Return the sha256 of every weight and buffer, by name: equal before and after means frozen."""
    seen = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        seen.update(name.encode())
        seen.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return seen.hexdigest()


def save_encoder(encoder: Encoder, folder: Path) -> None:
    """Write ``encoder.safetensors`` and ``encoder.json`` (description, layers, digest); equal encoders, equal bytes."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(encoder.state_dict().items())}
    (folder / "encoder.safetensors").write_bytes(save(state))
    facts = {"description": encoder.description, "layers": encoder.layers, "digest": digest(encoder)}
    (folder / "encoder.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def load_encoder(folder: Path) -> Encoder:
    """Return the encoder of a run's folder, in evaluation mode; its digest is checked against the one written."""
    facts = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    encoder = build(facts["description"])
    encoder.load_state_dict(load_file(folder / "encoder.safetensors"))
    if digest(encoder) != facts["digest"]:
        raise ValueError(f"{folder}/encoder.safetensors does not have the digest of its encoder.json")
    return encoder.eval()
