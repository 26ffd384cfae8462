"""The complete state of an unfinished run: a resumed run equals an uninterrupted one bit for bit."""

import hashlib
import io
import os
import time
from pathlib import Path
from typing import Any

import torch

from selfsup.errors import InputError

EVERY_S = "SELFSUP_CHECKPOINT_EVERY_S"


class Checkpoint:
    """One file, replaced atomically; it contains no generator, as each is seeded by its step.

    Its first line is the hash of its name and of what follows: one that is damaged, or another run's, is not resumed from.
    """

    def __init__(self, path: Path, every_s: float | None = None) -> None:
        self.path = path
        self.every_s = _every_s() if every_s is None else every_s
        self.last_s = time.monotonic()
        self.was_damaged = False

    @property
    def due(self) -> bool:
        """Whether to save now, every few seconds; no result depends on it."""
        return time.monotonic() - self.last_s >= self.every_s

    def save(self, state: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(self.path.name + ".new")
        buffer = io.BytesIO()
        torch.save(state, buffer)
        with unfinished.open("wb") as handle:
            handle.write(self._hash(buffer.getbuffer()) + b"\n")
            handle.write(buffer.getbuffer())
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.replace(self.path)
        self.last_s = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """Return the last saved state, on the CPU, or None; ``load_state_dict`` moves the tensors that must be on a device.

        A damaged file is deleted, and ``was_damaged`` set.
        """
        if not self.path.exists():
            return None
        expected, _, content = self.path.read_bytes().partition(b"\n")
        if self._hash(content) != expected:
            self.was_damaged = True
            self.path.unlink()
            return None
        state: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        return state

    def _hash(self, content: bytes | memoryview) -> bytes:
        total = hashlib.sha256(self.path.name.encode())
        total.update(content)
        return total.hexdigest().encode()


def _every_s() -> float:
    text = os.environ.get(EVERY_S, "10")
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{EVERY_S} is {text!r}; set it to a number of seconds, or leave it out") from None
