"""LARS against its formula in float64, written out one number at a time, over several steps."""

import math

import pytest
import torch

from selfsup.optim import optimisers as module
from selfsup.optim.optimisers import optimiser
from tests.losses.mutation import mutant

RATES = [0.3, 0.5, 0.2, 0.4]
MOMENTUM, DECAY = 0.9, 0.05


def start():
    generator = torch.Generator().manual_seed(0)
    shapes = {"kernel": (3, 2, 2, 2), "matrix": (4, 3), "bias": (4,), "norm": (3,), "zero": (2, 2), "scalar": ()}
    values = {name: torch.randn(shape, generator=generator, dtype=torch.float64) for name, shape in shapes.items()}
    values["zero"].zero_()
    return values


def gradient(name, value, step):
    """Return a gradient that depends on the weight and the step, so that an error of one step shows in the next."""
    return torch.sin(3 * value + step) + 0.1 * len(name)


def by_hand(name, values, decayed, adapted):
    weights = values[name].flatten().tolist()
    velocity = [0.0] * len(weights)
    shape = values[name].shape
    for step, rate in enumerate(RATES):
        found = gradient(name, torch.tensor(weights, dtype=torch.float64).reshape(shape), step).flatten().tolist()
        wanted = [g + (DECAY * w if decayed else 0) for g, w in zip(found, weights, strict=True)]
        of_weight, of_wanted = math.sqrt(sum(w * w for w in weights)), math.sqrt(sum(g * g for g in wanted))
        ratio = 0.001 * of_weight / of_wanted if adapted and of_weight > 0 and of_wanted > 0 else 1.0
        velocity = [MOMENTUM * v + rate * ratio * g for v, g in zip(velocity, wanted, strict=True)]
        weights = [w - v for w, v in zip(weights, velocity, strict=True)]
    return torch.tensor(weights, dtype=torch.float64).reshape(shape)


def stepped(steps):
    """Return the weights after all steps of an optimiser that ``steps`` makes of named parameters."""
    parameters = {name: torch.nn.Parameter(value.clone()) for name, value in start().items()}
    of = steps(parameters)
    for step, rate in enumerate(RATES):
        for name, parameter in parameters.items():
            parameter.grad = gradient(name, parameter.detach(), step)
        for group in of.param_groups:
            group["lr"] = rate
        of.step()
    return {name: parameter.detach() for name, parameter in parameters.items()}


def grouped(parameters, tested=module):
    decayed = [p for p in parameters.values() if p.ndim > 1]
    free = [p for p in parameters.values() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": free, "weight_decay": 0.0}]
    return tested.LARS(groups, lr=1.0, momentum=MOMENTUM)


def check(steps):
    values = start()
    for name, found in stepped(steps).items():
        large = values[name].ndim > 1
        torch.testing.assert_close(found, by_hand(name, values, large, large), rtol=1e-10, atol=1e-13)


def test_is_the_formula_over_several_steps():
    check(grouped)


def test_is_what_a_recipe_names():
    law = {"name": "lars", "learning_rate": 1.0, "weight_decay": DECAY, "momentum": MOMENTUM}
    check(lambda parameters: optimiser(parameters, **law))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("TRUST = 0.001", "TRUST = 0.002"),
        (
            "weight_norm, direction_norm = parameter.norm(), direction.norm()",
            "direction_norm, weight_norm = parameter.norm(), direction.norm()",
        ),
        ("parameter.ndim <= 1", "parameter.ndim < 1"),
        ("gradient + group", "gradient - group"),
        ('.mul_(group["momentum"])', ""),
        ("parameter.sub_", "parameter.add_"),
        ("(weight_norm > 0) & (direction_norm > 0)", "direction_norm > 0"),
    ],
    ids=["trust", "ratio", "norms-adapted", "decay", "momentum", "sign", "zero-weights"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises(AssertionError):
        check(lambda parameters: grouped(parameters, mutant(module, before, after)))


def test_a_parameter_without_gradient_stays():
    parameter = torch.nn.Parameter(torch.ones(2, 2))
    module.LARS([{"params": [parameter]}], lr=1.0, momentum=0.9).step()
    assert torch.equal(parameter.detach(), torch.ones(2, 2))


def test_state_returns_from_a_checkpoint():
    """Two steps, its state into another optimiser, two more steps: as four."""
    moved = []
    for resumed in (False, True):
        parameter = torch.nn.Parameter(start()["matrix"].clone())
        of = module.LARS([{"params": [parameter], "weight_decay": DECAY}], lr=0.3, momentum=MOMENTUM)
        for step in range(4):
            if step == 2 and resumed:
                state = of.state_dict()
                of = module.LARS([{"params": [parameter], "weight_decay": 0.0}], lr=9.0, momentum=0.0)
                of.load_state_dict(state)
            parameter.grad = gradient("matrix", parameter.detach(), step)
            of.step()
        moved.append(parameter.detach())
    assert torch.equal(*moved)
