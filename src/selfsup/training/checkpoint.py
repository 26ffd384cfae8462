"""The whole state of an unfinished run, so that resuming it equals never having stopped, bit for bit."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from selfsup.training.loop import Training

EVERY_S = float(os.environ.get("SELFSUP_CHECKPOINT_EVERY_S", "10"))


class Checkpoint:
    """One file beside the store, replaced whole each time; no generator is in it, since every draw names its step."""

    def __init__(self, path: Path, every_s: float = EVERY_S) -> None:
        self.path = path
        self.every_s = every_s
        self.last_s = time.monotonic()

    def save_if_due(self, training: "Training") -> None:
        """Save every few seconds: the clock decides only how much a crash costs, never a result."""
        if time.monotonic() - self.last_s >= self.every_s and training.step < training.total_steps:
            self.save(training)

    def save(self, training: "Training") -> None:
        """Write weights, buffers, optimisers, curves and position beside the place, flush, and rename."""
        state = {
            "method": training.method.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in training.optimisers.items()},
            "curves": training.curves.state(),
            "step": training.step,
            "positions": training.positions,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(self.path.name + ".new")
        with unfinished.open("wb") as handle:
            torch.save(state, handle)
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.replace(self.path)
        self.last_s = time.monotonic()

    def load(self, training: "Training") -> None:
        """Bring a run to where its checkpoint stood; nothing happens where there is none.

        Read on the CPU: ``load_state_dict`` moves what belongs on the device, and an optimiser's step count does not.
        """
        if not self.path.exists():
            return
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        training.method.load_state_dict(state["method"])
        for name, optimiser in training.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        training.curves.restore(state["curves"])
        training.step, training.positions = state["step"], state["positions"]
