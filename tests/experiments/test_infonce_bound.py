"""The experiment against closed forms: mutual information of Gaussians, the optimal critic, the bound."""

import math
from pathlib import Path

import pytest
import torch
import yaml

from selfsup.errors import InputError
from selfsup.experiments.infonce_bound import correlation, draw, measure, optimal_scores
from selfsup.losses.info_nce import infonce_bound

RECIPE = Path(__file__).parents[2] / "params" / "experiments" / "infonce_bound.yaml"
SMALL = {
    "dimensions": 20,
    "information_nats": [6.0, 10.0],
    "batch_sizes": [8, 64],
    "hidden_width": 64,
    "embedding_width": 32,
    "learning_rate": 2e-3,
    "steps": 150,
    "evaluation_samples": 2048,
}


def estimate(information, batch_size, batches, shuffled=False):
    """Return the optimal critic's mean estimate in nats; shuffled, x and y of different pairs."""
    rho, total = correlation(information, 20), 0.0
    generator = torch.Generator().manual_seed(0)
    for _ in range(batches):
        x, y = draw(batch_size, 20, rho, generator)
        total += infonce_bound(optimal_scores(x, y.roll(1, 0) if shuffled else y, rho)).item()
    return total / batches


@pytest.mark.parametrize(("information", "rho"), [(2, 0.4258), (4, 0.5742), (6, 0.6717), (8, 0.7421), (10, 0.7951)])
def test_correlation_equals_the_papers_notebook(information, rho):
    assert correlation(information, 20) == pytest.approx(rho, abs=5e-5)
    assert -20 / 2 * math.log(1 - correlation(information, 20) ** 2) == pytest.approx(information)


def test_draws_have_the_correlation_and_no_other():
    x, y = draw(20_000, 3, 0.7, torch.Generator().manual_seed(0))
    expected = torch.block_diag(torch.eye(6))
    expected[:3, 3:] = expected[3:, :3] = 0.7 * torch.eye(3)
    torch.testing.assert_close(torch.cov(torch.cat([x, y], 1).T), expected, rtol=0, atol=0.03)


def test_optimal_critic_is_the_ratio_of_torchs_densities():
    rho = 0.6
    x, y = (part.double() for part in draw(7, 4, rho, torch.Generator().manual_seed(0)))
    given = torch.distributions.Normal(rho * x[:, None], math.sqrt(1 - rho**2)).log_prob(y[None]).sum(2)
    alone = torch.distributions.Normal(0.0, 1.0).log_prob(y).sum(1)
    torch.testing.assert_close(optimal_scores(x, y, rho), given - alone, rtol=1e-10, atol=1e-10)


def test_optimal_critic_on_pairs_averages_to_the_information():
    x, y = draw(4000, 20, correlation(4.0, 20), torch.Generator().manual_seed(0))
    assert optimal_scores(x, y, correlation(4.0, 20)).diagonal().mean().item() == pytest.approx(4.0, abs=0.15)


@pytest.mark.parametrize(
    ("information", "batch_size", "tolerance"),
    [(0.5, 256, 0.03), (2.0, 1024, 0.1), (10.0, 8, 0.03), (10.0, 32, 0.05)],
)
def test_optimal_critic_is_near_the_bound_from_below(information, batch_size, tolerance):
    bound = min(information, math.log(batch_size))
    found = estimate(information, batch_size, 16384 // batch_size)
    noise = 0.02 if bound == information else 0.0  # nats: above I only by the samples' luck, above log N never
    assert bound - tolerance < found < bound + noise


def test_estimates_grow_with_the_batch_and_with_the_information():
    table = torch.tensor([[estimate(i, n, 8192 // n) for n in (8, 64, 512)] for i in (2.0, 6.0, 10.0)])
    assert (table.diff(dim=0) > 0).all()
    assert (table.diff(dim=1) > 0).all()


def test_pairs_that_share_nothing_give_no_positive_estimate():
    assert estimate(4.0, 64, 64, shuffled=True) < 0
    x, y = torch.randn(2, 4096, 20, generator=torch.Generator().manual_seed(1)).unbind(0)
    weak = optimal_scores(x, y, correlation(0.01, 20))
    assert infonce_bound(weak).item() == pytest.approx(0, abs=0.02)


@pytest.fixture(scope="module")
def measured():
    return measure(0, **SMALL)


def test_rows_are_as_the_report_reads_them(measured):
    places = [(f"{information}_nats", batch_size) for information in (6, 10) for batch_size in (8, 64)]
    baselines = ["information", "log_n", "optimal_critic", ""]
    expected = [(*place, baseline) for place in places for baseline in baselines]
    assert [(m.subset, m.at, m.baseline) for m in measured] == expected
    assert {m.metric for m in measured} == {"estimate"}
    assert {m.unit for m in measured} == {"nats"}
    assert {m.n for m in measured} == {2048}


def test_learned_critic_learns_and_stays_below_the_optimal_one(measured):
    untrained = measure(0, **{**SMALL, "learning_rate": 1e-9, "steps": 1})
    for before, after in zip(untrained, measured, strict=True):
        if not after.baseline:
            beside = [m for m in measured if (m.subset, m.at) == (after.subset, after.at)]
            optimal = next(m.value for m in beside if m.baseline == "optimal_critic")
            assert before.value == pytest.approx(0, abs=0.05)
            assert 0.3 * optimal < after.value < optimal
            assert after.value <= math.log(after.at)


def test_the_seed_determines_the_estimates():
    few = {**SMALL, "information_nats": [2.0], "batch_sizes": [8], "steps": 3, "evaluation_samples": 64}
    assert measure(1, **few) == measure(1, **few)
    first, second = ([m.value for m in measure(seed, **few)][2:] for seed in (1, 2))
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_recipe_has_the_experiments_keys():
    assert set(yaml.safe_load(RECIPE.read_text(encoding="utf-8"))) == {"experiment", *SMALL}


@pytest.mark.parametrize(
    ("changes", "key"), [({"batch_sizes": [1]}, "batch_sizes"), ({"evaluation_samples": 60}, "evaluation_samples")]
)
def test_invalid_values_are_input_errors(changes, key):
    with pytest.raises(InputError, match=key):
        measure(0, **{**SMALL, **changes})
