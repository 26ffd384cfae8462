"""Views of clips: which frames are seen, mirrored or not, each as a camera of its own exposure takes it."""

import torch
from torch import Tensor


def draw_frames(examples: int, generator: torch.Generator, *, frames: int, seen: int, longest_step: int) -> Tensor:
    """Return the numbers (N, seen) int64 of the frames of each clip of ``frames`` that are seen, in order.

    They are equally far apart, 1 to ``longest_step`` frames, less where the clip is too short; all runs that fit are
    equally likely.
    """
    longest = min(longest_step, (frames - 1) // (seen - 1))
    step = torch.randint(1, longest + 1, (examples,), generator=generator)
    room = frames - (seen - 1) * step
    start = (torch.rand(examples, generator=generator) * room).long()
    return start[:, None] + step[:, None] * torch.arange(seen)


def draw_exposure(examples: int, frames: int, generator: torch.Generator, strength: float) -> Tensor:
    """Return gain and offset (N, frames, 2) of each frame: 1 and 0, each changed by ``strength`` at most."""
    change = strength * (2 * torch.rand(examples, frames, 2, generator=generator) - 1)
    return change + torch.tensor([1.0, 0.0])


def take_frames(clip: Tensor, frame: Tensor, flip: Tensor) -> Tensor:
    """Return the frames (N, F, 3, H, W) in [0, 1] with the numbers (N, F) of clips uint8 (N, T, 3, H, W).

    Those of clips where ``flip`` (N,) are mirrored.
    """
    taken = clip[torch.arange(len(clip), device=clip.device)[:, None], frame].float() / 255
    return torch.where(flip[:, None, None, None, None], taken.flip(-1), taken)


def exposed(images: Tensor, exposure: Tensor) -> Tensor:
    """Return images (N, F, 3, H, W) in [0, 1] times the gain, plus the offset of each, (N, F, 2), cut off at 0 and 1."""
    gain, offset = exposure[..., None, None, None].unbind(2)
    return (images * gain + offset).clamp(0, 1)
