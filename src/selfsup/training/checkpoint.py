"""The complete state of an unfinished run: a resumed run equals an uninterrupted one bit for bit."""

import os
import time
from pathlib import Path
from typing import Any

import torch

EVERY_S = float(os.environ.get("SELFSUP_CHECKPOINT_EVERY_S", "10"))


class Checkpoint:
    """One file, replaced atomically; it contains no generator, as each is seeded by its step."""

    def __init__(self, path: Path, every_s: float = EVERY_S) -> None:
        self.path = path
        self.every_s = every_s
        self.last_s = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether to save now, every few seconds; no result depends on it."""
        return time.monotonic() - self.last_s >= self.every_s

    def save(self, state: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(self.path.name + ".new")
        with unfinished.open("wb") as handle:
            torch.save(state, handle)
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.replace(self.path)
        self.last_s = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """Return the last saved state, on the CPU, or None; ``load_state_dict`` moves the tensors that must be on a device."""
        if not self.path.exists():
            return None
        state: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        return state
