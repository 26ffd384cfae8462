"""The training loop of all methods, over views and objectives."""

import json
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from selfsup.errors import InputError
from selfsup.methods.base import Method, Step
from selfsup.nn.encoder import ConcatenatedEncoder, Encoder
from selfsup.optim.optimisers import optimiser as make_optimiser
from selfsup.optim.optimisers import scaled_learning_rate, warmup_cosine
from selfsup.seeds import derive, generator
from selfsup.training.checkpoint import Checkpoint
from selfsup.training.curves import Curves
from selfsup.training.source import Source


class Progress(Protocol):
    """Progress callbacks. No result depends on them, so their output is no part of the code of a run."""

    def say(self, line: str) -> None: ...

    def steps(self, start: int, total: int, unit: str, images_per_step: int, status: dict[str, float]) -> Iterator[int]:
        """Yield ``start`` to ``total``; ``status`` has the newest logged values."""


class Training:
    """A run in progress: the method, an optimiser per objective, the position, and the curves so far."""

    def __init__(
        self,
        method: Method,
        train: Source,
        seed: int,
        optimiser: dict[str, Any],
        schedule: dict[str, Any],
        batch_size: int,
        total_steps: int,
        precision: str,
        checkpoint: Checkpoint,
    ) -> None:
        self.method, self.train, self.seed = method, train, seed
        self.batch_size, self.total_steps = batch_size, total_steps
        self.precision, self.checkpoint = precision, checkpoint
        kwargs = dict(optimiser)
        self.objective_factors = kwargs.pop("objective_factors", {})
        rule = kwargs.pop("learning_rate_rule", "constant")
        self.learning_rate = scaled_learning_rate(kwargs["learning_rate"], rule, batch_size)
        self.warmup_fraction = schedule["warmup_fraction"]
        objectives = method.objectives().items()
        self.optimisers = {name: make_optimiser(o.parameters, **kwargs) for name, o in objectives if o.parameters}
        self.curves = Curves(every_steps=max(1, total_steps // 100))
        self.step = self.positions = 0
        for encoder in _counted(method):
            if encoder.entrance is not None:
                encoder.entrance.register_forward_pre_hook(partial(self._count, encoder))
        if (state := checkpoint.load()) is not None:
            self._restore(state)

    def run(self, progress: Progress, stop_after: int | None) -> bool:
        """Train to the end and return True, or to ``stop_after`` with a checkpoint and return False."""
        self.method.train()
        if self.step:
            progress.say(f"resumed at step {self.step} of {self.total_steps}")
        status: dict[str, float] = {}
        batches = self._batches(self.step)
        for step in progress.steps(self.step, self.total_steps, "step", self.batch_size, status):
            status |= self._advance(next(batches))
            self.step = step + 1
            if self.step == stop_after or (self.step < self.total_steps and self.checkpoint.due):
                self.checkpoint.save(self._state())
            if self.step == stop_after:
                return False
        self._check_weights()
        return True

    def _check_weights(self) -> None:
        """Raise InputError where the last step, whose loss was of the weights before it, left a weight that is not finite."""
        for name, value in self.method.state_dict().items():
            if value.is_floating_point() and not value.isfinite().all():
                raise self._diverged(f"weight {name}", "not finite", self.total_steps)

    def _diverged(self, what: str, value: object, step: int) -> InputError:
        return InputError(
            f"{what} of {type(self.method).__name__} is {value} at step {step} (seed {self.seed}); lower "
            f"optimiser.learning_rate, now {self.learning_rate:g}, or lengthen schedule.warmup_fraction in its recipe"
        )

    def _state(self) -> dict[str, Any]:
        """Return weights, buffers, optimisers, curves and position; no generator, as each is seeded by its step."""
        return {
            "method": self.method.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "curves": self.curves.state(),
            "step": self.step,
            "positions": self.positions,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.method.load_state_dict(state["method"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.curves.restore(state["curves"])
        self.step, self.positions = state["step"], state["positions"]

    def _batches(self, start: int) -> Iterator[Tensor]:
        """Yield the rows of each batch from step ``start`` on, shuffled in each epoch, without the last incomplete batch."""
        per_epoch = len(self.train) // self.batch_size
        first_epoch, done = divmod(start, per_epoch)
        for epoch in range(first_epoch, math.ceil(self.total_steps / per_epoch)):
            order = torch.randperm(len(self.train), generator=generator(self.seed, "order", epoch))
            batches = order[: per_epoch * self.batch_size].split(self.batch_size)
            yield from batches[done if epoch == first_epoch else 0 :]

    def _advance(self, index: Tensor) -> dict[str, float]:
        """Take one step of every objective, in order, and return the means that are logged at this step, if any."""
        torch.manual_seed(derive(self.seed, "step", self.step))
        device = self.train.device
        draws = self.method.draw(len(index), generator(self.seed, "views", self.step))
        with torch.no_grad():
            views = self.method.views(self.train.rows(index), {name: d.to(device) for name, d in draws.items()})
        factor = warmup_cosine(self.step, self.total_steps, self.warmup_fraction)
        step = Step(self.step, self.total_steps)
        extras: dict[str, Tensor] = {}
        scalars: dict[str, Tensor] = {}
        objectives = self.method.objectives()
        for name, objective in objectives.items():
            with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
                output = objective.loss(views, extras, step)
            self._update(name, objective.parameters, output.loss, factor)
            extras |= output.extras
            prefix = f"{name}_" if len(objectives) > 1 else ""
            scalars |= {
                f"{prefix}{key}": value.detach() for key, value in {"loss": output.loss, **output.metrics}.items()
            }
        self.method.after_step(extras, step)
        self.curves.add(scalars)
        return self._log(factor)

    def _update(self, name: str, parameters: dict[str, nn.Parameter], loss: Tensor, factor: float) -> None:
        """Compute the gradient of an objective's loss in its own parameters only, and step its optimiser."""
        if not parameters:
            return
        gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        for parameter, gradient in zip(parameters.values(), gradients, strict=True):
            parameter.grad = gradient
        optimiser = self.optimisers[name]
        for group in optimiser.param_groups:
            group["lr"] = self.learning_rate * self.objective_factors.get(name, 1.0) * factor
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    def _log(self, factor: float) -> dict[str, float]:
        step = self.step + 1
        if not self.curves.due(step, self.total_steps):
            return {}
        epoch = step * self.batch_size / len(self.train)
        row = self.curves.close(step, epoch, self.images, self.learning_rate * factor)
        if diverged := [name for name, value in row.items() if "loss" in name and not math.isfinite(value)]:
            raise self._diverged(diverged[0], row[diverged[0]], step)
        return {name: row[name] for name in row if name not in ("step", "images", "learning_rate")}

    def _count(self, encoder: Encoder, entrance: nn.Module, inputs: tuple[Tensor | None, ...]) -> None:
        """Count the positions that an encoder, or its momentum copy, processes: the budget at which methods are compared."""
        if entrance.training:
            self.positions += encoder.positions(inputs)

    @property
    def images(self) -> int:
        """Examples through the encoder: a patch counts by its share of the pixels, a frame by its share of the clip."""
        return round(self.positions / self.train.positions)

    def write_summary(self, file: Path) -> None:
        """Write the costs of the run as counts, which are equal on every machine, unlike seconds."""
        summary = {
            "steps": self.total_steps,
            "examples": len(self.train),
            "table": {name: float(value) for name, value in self.method.info.table.items() if value.ndim == 0},
            "images_through_encoder": self.images,
            "encoder": self.method.encoders()["image"].description,
            "encoder_parameters": sum(p.numel() for p in self.method.encoders()["image"].parameters()),
            "trained_parameters": sum(
                p.numel() for objective in self.method.objectives().values() for p in objective.parameters.values()
            ),
        }
        file.write_text(json.dumps(summary, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _counted(method: Method) -> list[Encoder]:
    """Return the encoders whose inputs are counted: not those of tokens, and of concatenated ones, which take the same
    image, the first."""
    parallel = [part for m in method.modules() if isinstance(m, ConcatenatedEncoder) for part in list(m.parts)[1:]]
    encoders = [module for module in method.modules() if isinstance(module, Encoder) and module not in parallel]
    return [encoder for encoder in encoders if encoder.modality != "tokens"]
