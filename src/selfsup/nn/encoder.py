"""The encoder: named stages behind one normalisation, rebuilt from a JSON description out of ``nn/`` alone."""

import hashlib
import importlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn


class Encoder(nn.Module):
    """Images to maps and features.

    ``layers`` names each stage and its channels; ``description`` is ``{"backbone": module name, ...its arguments}``.
    """

    def __init__(self, stages: dict[str, nn.Module], channels: dict[str, int], description: dict[str, Any]) -> None:
        super().__init__()
        self.stages = nn.ModuleDict(stages)
        self.layers = dict(channels)
        self.description = dict(description)

    @property
    def features(self) -> int:
        """D, the length of a feature vector."""
        return list(self.layers.values())[-1]

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        """Return {layer: (N, C, H', W')} of images (N, 3, H, W), uint8 or float in [0, 1]."""
        x = normalised(x)
        maps = {}
        for name, stage in self.stages.items():
            x = stage(x)
            maps[name] = x
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, D): the mean over the last layer's map."""
        x = normalised(x)
        for stage in self.stages.values():
            x = stage(x)
        return x.mean((2, 3))


def normalised(x: Tensor) -> Tensor:
    """Return images in [-1, 1], channels last: what every backbone here expects."""
    if x.dtype == torch.uint8:
        x = x.float() / 255
    return (x * 2 - 1).contiguous(memory_format=torch.channels_last)


def build(description: dict[str, Any]) -> Encoder:
    """Return a freshly initialised encoder of a description, channels last."""
    arguments = {key: value for key, value in description.items() if key != "backbone"}
    module = importlib.import_module(f"selfsup.nn.backbones.{description['backbone']}")
    stages, channels = module.build(**arguments)
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
