"""Optimisers, what they decay, the learning rate's rules, and each objective's part of it."""

import math

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from selfsup.config.files import Optimiser
from selfsup.methods.base import DataInfo, LossOutput, Method, Objective
from selfsup.nn.encoder import build
from selfsup.optim.optimisers import LARS, optimiser, scaled_learning_rate, warmup_cosine
from selfsup.progress import Progress
from selfsup.training.checkpoint import Checkpoint
from selfsup.training.loop import Training
from selfsup.training.source import MemorySource

LAW = {"learning_rate": 0.1, "weight_decay": 0.3}


def parameters():
    return {n: nn.Parameter(torch.ones(s)) for n, s in {"weight": (2, 3), "bias": (2,), "scale": ()}.items()}


@pytest.mark.parametrize("name", ["adamw", "sgd", "lars"])
def test_norms_and_biases_are_not_decayed(name):
    """With a gradient of zero only decay moves anything."""
    named = parameters()
    of = optimiser(named, name=name, **LAW)
    for parameter in named.values():
        parameter.grad = torch.zeros_like(parameter)
    of.step()
    assert {n: not torch.equal(p.detach(), torch.ones_like(p)) for n, p in named.items()} == {
        "weight": True,
        "bias": False,
        "scale": False,
    }


def test_names_and_keys_are_the_recipes():
    adamw = optimiser(parameters(), name="adamw", **LAW)
    assert isinstance(adamw, torch.optim.AdamW)
    assert {group["betas"] for group in adamw.param_groups} == {(0.9, 0.999)}
    slow = optimiser(parameters(), name="adamw", beta1=0.5, **LAW)
    assert {group["betas"] for group in slow.param_groups} == {(0.5, 0.999)}
    assert {g["betas"] for g in optimiser(parameters(), name="adamw", beta1=0.0, **LAW).param_groups} == {(0.0, 0.999)}
    for name, kind in (("sgd", torch.optim.SGD), ("lars", LARS)):
        made = optimiser(parameters(), name=name, momentum=0.8, **LAW)
        assert type(made) is kind
        assert {(group["momentum"], group["lr"]) for group in made.param_groups} == {(0.8, 0.1)}
        assert {g["momentum"] for g in optimiser(parameters(), name=name, **LAW).param_groups} == {0.0}


def test_a_recipe_gives_each_optimiser_its_own_keys():
    read = TypeAdapter(Optimiser).validate_python
    for name in ("sgd", "lars"):
        assert read({"name": name, "momentum": 0.9, **LAW}).momentum == 0.9
        with pytest.raises(ValidationError, match="beta1"):
            read({"name": name, "beta1": 0.5, **LAW})
    assert read({"name": "adamw", "beta1": 0.5, **LAW}).beta1 == 0.5
    with pytest.raises(ValidationError, match="momentum"):
        read({"name": "adamw", "momentum": 0.9, **LAW})


@pytest.mark.parametrize(
    ("rule", "batch_size", "expected"),
    [
        ("constant", 64, 0.3),
        ("constant", 4096, 0.3),
        ("linear", 64, 0.075),
        ("linear", 256, 0.3),
        ("linear", 4096, 4.8),  # the paper's own
        ("square_root", 64, 0.15),
        ("square_root", 256, 0.3),
        ("square_root", 4096, 1.2),
    ],
)
def test_learning_rate_follows_its_rule(rule, batch_size, expected):
    assert scaled_learning_rate(0.3, rule, batch_size) == pytest.approx(expected)


def test_warm_up_is_a_line_and_the_rest_half_a_cosine():
    found = [warmup_cosine(step, 20, 0.25) for step in range(20)]
    assert found[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert found[5:] == pytest.approx([0.5 * (1 + math.cos(math.pi * step / 15)) for step in range(15)])
    assert warmup_cosine(0, 10, 0.0) == 1


class TwoPlayers(Method):
    """Each objective's loss is the sum of its own weights: the gradient is 1 whatever they are."""

    def __init__(self):
        super().__init__(build({"backbone": "small_conv", "width": 1}), DataInfo(64, 0, 32, 64, 1))
        self.generator, self.discriminator = nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(2, 2))

    def draw(self, examples, generator):
        return {}

    def views(self, batch, draws):
        return batch

    def loss(self, views, extras, step):
        raise AssertionError("each objective has a loss of its own")

    def panels(self, views):
        return []

    def objectives(self):
        of = {"generator": self.generator, "discriminator": self.discriminator}
        return {n: Objective(lambda views, extras, step, p=p: LossOutput(p.sum()), {n: p}) for n, p in of.items()}


def train(tmp_path, **law):
    method = TwoPlayers()
    images = MemorySource({"image": torch.zeros(64, 3, 32, 32, dtype=torch.uint8)})
    law = {"name": "sgd", "learning_rate": 0.4, "weight_decay": 0.0, "momentum": 0.0, **law}
    training = Training(
        method, images, 0, law, {"warmup_fraction": 0.0}, 64, 1, "float32", Checkpoint(tmp_path / "checkpoint")
    )
    assert training.run(Progress("test"), None)
    training.curves.write(tmp_path / "curves.csv")
    return method, (tmp_path / "curves.csv").read_text()


def test_an_objective_scales_the_learning_rate_by_its_factor(tmp_path):
    method, curves = train(tmp_path, objective_factors={"discriminator": 0.25})
    torch.testing.assert_close(method.generator.detach(), torch.full((2, 2), -0.4))
    torch.testing.assert_close(method.discriminator.detach(), torch.full((2, 2), -0.1))
    assert ",0.4," in curves


@pytest.mark.parametrize(("rule", "expected"), [("constant", 0.4), ("linear", 0.1), ("square_root", 0.2)])
def test_the_loop_takes_the_rule_of_the_recipe(tmp_path, rule, expected):
    """A batch of 64 is a quarter of the reference batch; factors multiply on top."""
    method, _ = train(tmp_path, learning_rate_rule=rule, objective_factors={"discriminator": 0.5})
    torch.testing.assert_close(method.generator.detach(), torch.full((2, 2), -expected))
    torch.testing.assert_close(method.discriminator.detach(), torch.full((2, 2), -expected / 2))


def test_lars_moves_through_the_loop(tmp_path):
    """Weights of size 0 are not adapted: one step is the learning rate times the gradient."""
    method, _ = train(tmp_path, name="lars", momentum=0.9)
    torch.testing.assert_close(method.generator.detach(), torch.full((2, 2), -0.4))
