"""Seeds of all random numbers: derived from the seed of a run and a purpose."""

import hashlib

import torch


def derive(seed: int, *purpose: str | int) -> int:
    """Return a 63-bit seed for one purpose, e.g. ``derive(0, "views", step)``; different purposes have different streams."""
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """Return a CPU generator for one purpose: the same numbers on every device and with any number of workers."""
    return torch.Generator().manual_seed(derive(seed, *purpose))
