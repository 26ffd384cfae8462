"""Eight small examples of every modality, as a prepared split may hold them."""

import torch
from torch import Tensor

from selfsup.methods.base import ARRAYS, DataInfo, Method, Views

EXAMPLES = 8
CLASSES = 4
SPEAKERS = 3
SIZE_PX = 32
FRAMES = 4
RATE_HZ = 8000  # of sound beside data of another modality, one second
WORDS = (
    "a red cup",
    "the blue boat",
    "one old tree",
    "some green lamp",
    "a house",
    "small cars",
    "the pawn",
    "grass",
    "sand",
)


def batch(examples: int = EXAMPLES, seed: int = 0, size_px: int = SIZE_PX, channels: int = 3) -> Views:
    """Return smooth random images uint8 (N, C, H, W), which crops and jitter leave recognisable, with ``index`` and ``label``."""
    draws = torch.Generator().manual_seed(seed)
    coarse = torch.rand(examples, channels, 4, 4, generator=draws)
    image = torch.nn.functional.interpolate(coarse, size=size_px, mode="bilinear") * 255
    label = torch.randint(0, CLASSES, (examples,), generator=draws)
    return {"index": torch.arange(examples), "image": image.to(torch.uint8), "label": label}


def every_array(info: DataInfo, channels: int = 3, seed: int = 0) -> Views:
    """Return eight examples of every modality at the sizes of ``info``, by the names of a prepared split's arrays."""
    draws = torch.Generator().manual_seed(seed)
    found = batch(seed=seed, size_px=info.size_px or SIZE_PX, channels=channels)
    rate_hz, samples = (info.rate_hz, info.length) if info.rate_hz else (RATE_HZ, RATE_HZ)
    rgb = found["image"][:, :3]
    moved = [rgb.roll((frame, 2 * frame), (2, 3)) for frame in range(FRAMES)]
    return {
        **found,
        "clip": torch.stack(moved, 1),
        "waveform": _waveforms(rate_hz, samples, draws),
        "content": found["label"][:, None].expand(-1, samples // (rate_hz // 100)).clone(),
        "speaker": torch.randint(0, SPEAKERS, (EXAMPLES,), generator=draws),
        "caption": captions([f"{WORDS[n]} {WORDS[n + 1]}" for n in range(EXAMPLES)]),
        **_pairs(rgb),
    }


def captions(texts: list[str]) -> Tensor:
    """Return two phrasings of each text as bytes: uint8 (N, 2, L)."""
    phrased = [[text.encode(), f"this is {text}".encode()] for text in texts]
    longest = max(len(one) for pair in phrased for one in pair)
    return torch.tensor([[list(one.ljust(longest, b"\0")) for one in pair] for pair in phrased], dtype=torch.uint8)


def batch_of(method: Method, **changed: Tensor) -> Views:
    """Return a batch of exactly the arrays that the method's modality names, at its size; ``changed`` replaces some."""
    every = {**every_array(method.info, 4 if method.modality == "image_depth" else 3), **changed}
    return {name: every[name] for name in ("index", *ARRAYS[method.modality])}


def _waveforms(rate_hz: int, samples: int, draws: torch.Generator) -> Tensor:
    """Return tones of random pitch that swell and fade, in a little noise: int16 (N, S)."""
    time_s = torch.arange(samples) / rate_hz
    pitch_hz = 100 + 300 * torch.rand(EXAMPLES, 1, generator=draws)
    tone = (2 * torch.pi * pitch_hz * time_s).sin() * (2 * torch.pi * 3 * time_s).cos()
    return (tone * 20000 + 500 * torch.randn(EXAMPLES, samples, generator=draws)).to(torch.int16)


def _pairs(images: Tensor) -> Views:
    """Return images (N, 3, H, W) beside themselves moved by one row and two columns, with where each pixel went."""
    height, width = images.shape[2:]
    row, column = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    match = torch.stack([column + 2, row + 1], -1).expand(len(images), -1, -1, -1).clone()
    match[(match[..., 0] > width) | (match[..., 1] > height)] = torch.nan
    mask = torch.zeros(len(images), height, width, dtype=torch.uint8)
    mask[:, 8:24, 8:24] = 1
    return {
        "first": images,
        "second": images.roll((1, 2), (2, 3)),
        "match": match,
        "first_mask": mask,
        "second_mask": mask.roll((1, 2), (1, 2)),
    }
