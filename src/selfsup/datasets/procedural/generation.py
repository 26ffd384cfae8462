"""Generation of data in chunks, each from its own random stream: the first n examples of a larger set are the same."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from selfsup.errors import InputError


@contextmanager
def one_thread() -> Iterator[None]:
    """Restrict torch to one thread: sums over several threads differ in the last bit, and sometimes in a pixel."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def joined(chunks: list[dict[str, np.ndarray]], examples: int) -> dict[str, np.ndarray]:
    """Return the first ``examples`` rows of the arrays of all chunks, concatenated."""
    return {name: np.concatenate([chunk[name] for chunk in chunks])[:examples] for name in chunks[0]}


def real(values: np.ndarray) -> torch.Tensor:
    """Return values as a float32 tensor."""
    return torch.as_tensor(values, dtype=torch.float32)


def require_at_least(key: str, value: float, least: float, reason: str) -> None:
    """Raise InputError where a key's value is below ``least``, which is ``reason``."""
    if value < least:
        raise InputError(f"{key} is {value:g}, {reason}; set it to {least} or more")
