"""What a method needs of training without a counter of its own: the step, for an average whose momentum rises."""

import math

import pytest
import torch
from torch import nn

from selfsup.methods.base import DataInfo, LossOutput, Method, Step
from selfsup.nn.encoder import build
from selfsup.nn.momentum import momentum_copy, update_momentum
from selfsup.progress import Progress
from selfsup.training.checkpoint import Checkpoint
from selfsup.training.loop import Training
from selfsup.training.source import MemorySource

TOTAL = 8


def ramp(step):
    """Return a momentum that rises from 0.5 to 1 along half a cosine, as BYOL's does from 0.996."""
    return 1 - 0.5 * (math.cos(math.pi * step.fraction) + 1) / 2


class Averaged(Method):
    """A regression to zero that a teacher follows, at a temperature that falls."""

    def __init__(self, encoder, info):
        super().__init__(encoder, info)
        self.student = nn.Linear(2, 2)
        self.teacher = momentum_copy(self.student)
        self.seen = []

    def draw(self, examples, generator):
        return {}

    def views(self, batch, draws):
        return batch

    def loss(self, views, extras, step):
        self.seen.append(("loss", step.index))
        return LossOutput(self.student.weight.square().sum() * (1 - step.fraction))

    def after_step(self, extras, step):
        self.seen.append(("after", step.index))
        update_momentum(self.teacher, self.student, ramp(step))

    def panels(self, views):
        return []


def training(folder):
    torch.manual_seed(0)
    method = Averaged(build({"backbone": "small_conv", "width": 1}), DataInfo(8, 0, 32, 8, TOTAL))
    images = MemorySource({"image": torch.zeros(8, 3, 32, 32, dtype=torch.uint8)})
    law = {"name": "sgd", "learning_rate": 0.1, "weight_decay": 0.0}
    return Training(method, images, 0, law, {"warmup_fraction": 0.0}, 8, TOTAL, "float32", Checkpoint(folder / "c"))


def test_loss_and_after_step_get_the_step(tmp_path):
    made = training(tmp_path)
    assert made.run(Progress("test"), None)
    assert made.method.seen == [(what, index) for index in range(TOTAL) for what in ("loss", "after")]


def test_a_momentum_schedule_resumes(tmp_path):
    """By hand: a gradient of 2 w (1 - k / K) at the loop's learning rate, then the average; and 3 + 5 steps are 8."""
    student = training(tmp_path / "hand").method.student.weight.detach().clone()
    teacher = student.clone()
    for index in range(TOTAL):
        rate = 0.1 * 0.5 * (1 + math.cos(math.pi * index / TOTAL))
        student = student - rate * 2 * student * (1 - index / TOTAL)
        momentum = ramp(Step(index, TOTAL))
        teacher = momentum * teacher + (1 - momentum) * student
    for folder, stops in (("whole", [None]), ("parts", [3, None])):
        (tmp_path / folder).mkdir()
        for stop in stops:
            made = training(tmp_path / folder)
            made.run(Progress("test"), stop)
        torch.testing.assert_close(made.method.teacher.weight, teacher)


@pytest.mark.parametrize(("index", "fraction"), [(0, 0.0), (5, 0.5), (9, 0.9)])
def test_the_fraction_is_index_over_total(index, fraction):
    assert Step(index, 10).fraction == fraction
