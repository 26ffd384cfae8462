"""Every random number's origin: a run's seed and the purpose it is drawn for."""

import hashlib

import torch


def derive(seed: int, *purpose: str | int) -> int:
    """Return a 63-bit seed for one purpose, e.g. ``derive(0, "views", step)``; distinct purposes never share a stream."""
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """Return a CPU generator for one purpose: the same numbers whatever the device, the ranks or the workers."""
    return torch.Generator().manual_seed(derive(seed, *purpose))
