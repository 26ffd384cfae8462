"""Event files of TensorBoard: `tensorboard --logdir logs/tensorboard` shows the curves of all trainings, also while they run."""

from collections.abc import Mapping
from pathlib import Path


class Logger:
    """Writes one training's values to an event file in ``folder``; values logged after step ``start`` are replaced."""

    def __init__(self, folder: Path, start: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder), purge_step=start + 1, flush_secs=5)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write the means of the metrics over the interval that ends with this step."""
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is left."""
        self.writer.close()
