"""Ridge regression: scikit-learn's solution, for each target by itself."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from selfsup.evaluations.solvers.ridge import ridge_path

PENALTIES = [1.0, 0.1, 0.001]


@pytest.fixture
def problem():
    random = np.random.default_rng(0)
    features = random.standard_normal((80, 7)) * np.logspace(-1, 1, 7) + 3
    return features, features @ random.standard_normal((7, 2)) + random.standard_normal((80, 2)) + 5


def test_it_is_scikit_learns(problem):
    features, targets = problem
    models = list(ridge_path(torch.from_numpy(features), torch.from_numpy(targets), penalties=PENALTIES))
    assert [model.penalty for model in models] == PENALTIES
    for model in models:
        reference = Ridge(alpha=len(features) * model.penalty).fit(features, targets)
        np.testing.assert_allclose(model.weight.T, reference.coef_, rtol=1e-8)
        np.testing.assert_allclose(model.predict(torch.from_numpy(features)), reference.predict(features), rtol=1e-9)


def test_a_target_has_the_solution_that_it_has_alone(problem):
    features, targets = map(torch.from_numpy, problem)
    (both,) = ridge_path(features, targets, penalties=[0.1])
    (alone,) = ridge_path(features, targets[:, 1:], penalties=[0.1])
    torch.testing.assert_close(both.weight[:, 1:], alone.weight)


def test_more_features_than_examples_and_constant_ones(problem):
    features, targets = (torch.from_numpy(values[:5]) for values in problem)
    features = torch.cat([features, torch.zeros(5, 2, dtype=torch.float64)], 1)
    (model,) = ridge_path(features, targets, penalties=[1e-6])
    assert torch.equal(model.weight[-2:], torch.zeros(2, 2, dtype=torch.float64))
    torch.testing.assert_close(model.predict(features), targets, atol=1e-3, rtol=1e-3)
