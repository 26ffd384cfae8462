"""Views of clips: a random selection of frames, mirrored or not, each with its own exposure."""

import torch
from torch import Tensor


def draw_frames(examples: int, generator: torch.Generator, *, frames: int, count: int, longest_step: int) -> Tensor:
    """Return the numbers (N, ``count``) int64 of the selected frames of each clip of ``frames``, in order.

    They are equally spaced by 1 to ``longest_step`` frames, less where the clip is too short; all starts that fit are
    equally likely.
    """
    longest = min(longest_step, (frames - 1) // (count - 1))
    step = torch.randint(1, longest + 1, (examples,), generator=generator)
    starts = frames - (count - 1) * step
    start = (torch.rand(examples, generator=generator) * starts).long()
    return start[:, None] + step[:, None] * torch.arange(count)


def draw_exposure(examples: int, frames: int, generator: torch.Generator, strength: float) -> Tensor:
    """Return gain and offset (N, frames, 2) of each frame: 1 and 0, each changed by ``strength`` at most."""
    change = strength * (2 * torch.rand(examples, frames, 2, generator=generator) - 1)
    return change + torch.tensor([1.0, 0.0])


def take_frames(clip: Tensor, frame: Tensor, flip: Tensor) -> Tensor:
    """Return frames ``frame`` (N, F) of clips uint8 (N, T, 3, H, W), mirrored where ``flip`` (N,): (N, F, 3, H, W) in [0, 1]."""
    frames = clip[torch.arange(len(clip), device=clip.device)[:, None], frame].float() / 255
    return torch.where(flip[:, None, None, None, None], frames.flip(-1), frames)


def exposed(images: Tensor, exposure: Tensor) -> Tensor:
    """Return images (N, F, 3, H, W) in [0, 1] times the gain plus the offset of each frame (N, F, 2), clipped to [0, 1]."""
    gain, offset = exposure[..., None, None, None].unbind(2)
    return (images * gain + offset).clamp(0, 1)
