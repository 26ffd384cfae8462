"""Every recipe passes the checks of selfsup.testing; a new recipe in params/methods is tested here without a line."""

import pytest
import torch

from selfsup.testing.checks import LARGE, method_checks, takes_a_step
from tests.methods.recipes import FILES, recipe

CHECKS = {name: method_checks(recipe(name)) for name in FILES}
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.parametrize(
    ("name", "check"),
    [pytest.param(name, check, id=f"{check.__name__}-{name}") for name in FILES for check in CHECKS[name]],
)
def test_recipe(name, check):
    check(recipe(name))


@needs_gpu
@pytest.mark.parametrize("name", [name for name in FILES if CHECKS[name] is LARGE])
def test_large_recipe_takes_a_step_on_the_gpu(name):
    takes_a_step(recipe(name), "cuda")
