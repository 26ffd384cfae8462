"""Training curves: the mean of every logged scalar over intervals of steps."""

import csv
from pathlib import Path
from typing import Any

from torch import Tensor

POSITION = ("step", "epoch", "images", "learning_rate")


class Curves:
    """Rows of step, epoch, images through the encoder, learning rate, and the mean of each metric in the interval."""

    def __init__(self, every_steps: int) -> None:
        self.every_steps = every_steps
        self.rows: list[dict[str, float]] = []
        self.sums: dict[str, Tensor | float] = {}
        self.count = 0

    def add(self, values: dict[str, Tensor]) -> None:
        """Add one step's scalars; they stay on the device until the interval closes."""
        for name, value in values.items():
            value = value.detach().double()
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.count += 1

    def due(self, step: int, total_steps: int) -> bool:
        return step % self.every_steps == 0 or step == total_steps

    def close(self, step: int, epoch: float, images: int, learning_rate: float) -> dict[str, float]:
        """End the interval at a step and return its row."""
        means = {name: float(total) / self.count for name, total in self.sums.items()}
        row = dict(zip(POSITION, (step, epoch, images, learning_rate), strict=True)) | means
        self.rows.append(row)
        self.sums, self.count = {}, 0
        return row

    def state(self) -> dict[str, Any]:
        """Return the rows and the open interval, as numbers without a device."""
        sums = {name: float(total) for name, total in self.sums.items()}
        return {"rows": self.rows, "sums": sums, "count": self.count}

    def restore(self, state: dict[str, Any]) -> None:
        self.rows, self.sums, self.count = state["rows"], dict(state["sums"]), state["count"]

    def write(self, file: Path) -> None:
        """Write the rows as CSV with nine significant digits; of a run without steps only the heading."""
        with file.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(self.rows[0] if self.rows else POSITION)
            writer.writerows([f"{value:.9g}" for value in row.values()] for row in self.rows)
