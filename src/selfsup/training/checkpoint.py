"""The whole state of an unfinished run, so that resuming it equals never having stopped, bit for bit."""

import os
import time
from pathlib import Path
from typing import Any

import torch

EVERY_S = float(os.environ.get("SELFSUP_CHECKPOINT_EVERY_S", "10"))


class Checkpoint:
    """One file beside the store, replaced whole each time; no generator is in it, since every draw names its step."""

    def __init__(self, path: Path, every_s: float = EVERY_S) -> None:
        self.path = path
        self.every_s = every_s
        self.last_s = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether to save now, every few seconds: the clock decides only how much a crash costs, never a result."""
        return time.monotonic() - self.last_s >= self.every_s

    def save(self, state: dict[str, Any]) -> None:
        """Write a state beside the place, flush, and rename."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(self.path.name + ".new")
        with unfinished.open("wb") as handle:
            torch.save(state, handle)
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.replace(self.path)
        self.last_s = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """Return the state that was saved last, or None where there is none.

        Read on the CPU: ``load_state_dict`` moves what belongs on the device, and an optimiser's step count does not.
        """
        if not self.path.exists():
            return None
        state: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        return state
