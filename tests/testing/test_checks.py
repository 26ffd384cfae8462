"""Each check of a method notices the fault that it is there for, and says so in words."""

from dataclasses import replace

import pytest
import torch

from selfsup.methods.rotation import Rotation
from selfsup.testing import checks, shown
from tests.methods.recipes import recipe


def noisy_loss(self, *given, honest=Rotation.loss):
    output = honest(self, *given)
    return replace(output, loss=output.loss * torch.rand(()))


def loss_with_a_count_that_is_not_saved(self, *given, honest=Rotation.loss):
    self.count = getattr(self, "count", 0) + 1
    output = honest(self, *given)
    return replace(output, loss=output.loss / self.count)


def attached_metric(self, *given, honest=Rotation.loss):
    output = honest(self, *given)
    return replace(output, metrics={"loss": output.loss})


def views_with_chance_of_their_own(self, *given, honest=Rotation.views):
    views = honest(self, *given)
    return {**views, "image": views["image"] + torch.rand(())}


def draws_without_a_seed(self, examples, generator, honest=Rotation.draw):
    return honest(self, examples, torch.Generator().manual_seed(0))


def one_row_too_few(self, examples, generator, honest=Rotation.draw):
    return {name: rows[1:] for name, rows in honest(self, examples, generator).items()}


def objective_of_the_classifier_alone(self, honest=Rotation.objectives):
    (main,) = honest(self).values()
    own = {name: parameter for name, parameter in main.parameters.items() if name.startswith("classifier")}
    return {"main": replace(main, parameters=own)}


@classmethod
def forgotten_key(cls, encoder, info, hyper, honest=Rotation.from_recipe.__func__):
    method = honest(cls, encoder, info, hyper)
    method.directions += 0.5
    return method


def bright_panels(self, views, honest=Rotation.panels):
    return [replace(panel, images=panel.images + 1) for panel in honest(self, views)]


def scores_that_are_not_bool(self, views, honest=Rotation.pretext):
    pretext = honest(self, views)
    return replace(pretext, score=pretext.score.float())


FAULTS = [
    ("loss", noisy_loss, checks.loss_is_pure_and_finite, "two losses"),
    ("loss", attached_metric, checks.loss_is_pure_and_finite, "loss is not detached"),
    ("loss", loss_with_a_count_that_is_not_saved, checks.two_and_two_steps_equal_four, "some state is in no buffer"),
    ("views", views_with_chance_of_their_own, checks.equal_draws_make_equal_views, "not a function of the draws"),
    ("draw", draws_without_a_seed, checks.draws_are_rows_on_the_cpu_and_depend_on_the_seed, "two seeds draw the same"),
    ("draw", one_row_too_few, checks.draws_are_rows_on_the_cpu_and_depend_on_the_seed, "7 rows for 8 examples"),
    (
        "objectives",
        objective_of_the_classifier_alone,
        checks.each_objective_updates_only_its_own_parameters,
        "main has gradients in ",
    ),
    (
        "from_recipe",
        forgotten_key,
        checks.every_key_is_stored_under_its_name,
        "directions is 4, and the method has 4.5",
    ),
    ("panels", bright_panels, shown.panels_are_well_formed, r"not in \[0, 1\]"),
    ("pretext", scores_that_are_not_bool, shown.pretext_is_well_formed, "scores are bool"),
]


@pytest.mark.parametrize(
    ("name", "fault", "check", "sentence"),
    FAULTS,
    ids=[getattr(fault, "__name__", name) for name, fault, _, _ in FAULTS],
)
def test_a_fault_is_noticed(monkeypatch, name, fault, check, sentence):
    monkeypatch.setattr(Rotation, name, fault)
    with pytest.raises(AssertionError, match=sentence):
        check(recipe("rotation"))


def test_a_key_that_no_argument_takes_is_noticed():
    content = recipe("rotation")
    content["hyper"]["unknown"] = 1
    with pytest.raises(AssertionError, match="hyper has"):
        checks.every_key_is_stored_under_its_name(content)
