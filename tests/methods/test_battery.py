"""Every recipe passes the checks of selfsup.testing; a new one in params/methods is tested here without a line.

The fast tests take the first small recipe of each method, and no check that trains.
"""

import pytest
import torch

from selfsup.testing.checks import (
    LARGE,
    method_checks,
    overfits_eight_examples,
    takes_a_step,
    two_and_two_steps_equal_four,
)
from tests.methods.recipes import FILES, recipe

CHECKS = {name: method_checks(recipe(name)) for name in FILES}
SMALL = [name for name in FILES if CHECKS[name] is not LARGE]
FIRST = {recipe(name)["method"]: name for name in reversed(SMALL)}
TRAINING = (two_and_two_steps_equal_four, overfits_eight_examples)
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def is_fast(name, check):
    return name in FIRST.values() and check not in TRAINING


@pytest.mark.parametrize(
    ("name", "check"),
    [
        pytest.param(name, check, id=f"{check.__name__}-{name}", marks=[] if is_fast(name, check) else pytest.mark.slow)
        for name in FILES
        for check in CHECKS[name]
    ],
)
def test_recipe(name, check):
    check(recipe(name))


@needs_gpu
@pytest.mark.parametrize("name", [name for name in FILES if CHECKS[name] is LARGE])
def test_large_recipe_takes_a_step_on_the_gpu(name):
    takes_a_step(recipe(name), "cuda")
