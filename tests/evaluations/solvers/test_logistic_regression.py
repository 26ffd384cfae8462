"""The solver against scikit-learn's, and its invariances."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from selfsup.errors import InputError
from selfsup.evaluations.solvers.logistic_regression import Objective, fit, path

TOLERANCE = 2e-8


@pytest.fixture
def ill_conditioned(mixture):
    """Features whose covariance has eigenvalues from 1 to 1e-6, in no axis' direction and not centred."""
    features, labels = mixture(300)
    basis = torch.linalg.qr(torch.from_numpy(np.random.default_rng(1).standard_normal((12, 12))))[0]
    return features * torch.logspace(0, -3, 12, dtype=torch.float64) @ basis + 0.5, labels


@pytest.mark.parametrize("penalty", [1.0, 1e-2, 1e-4])
def test_agrees_with_scikit_learn(ill_conditioned, penalty):
    features, labels = ill_conditioned
    ours = fit(features, labels, penalty=penalty, tolerance=TOLERANCE)
    peer = peer_fit(features, labels, penalty)
    np.testing.assert_allclose(ours.weight, peer.coef_, rtol=0, atol=1e-5 * np.abs(peer.coef_).max())
    np.testing.assert_allclose(ours.bias - ours.bias.mean(), peer.intercept_ - peer.intercept_.mean(), atol=1e-5)
    assert ours.predict(features).tolist() == peer.predict(features.numpy()).tolist()


def test_agrees_with_scikit_learn_on_two_classes(ill_conditioned):
    """It has one row w there, where softmax has w / 2 and -w / 2, whose squares sum to half of w's."""
    features, labels = ill_conditioned[0], ill_conditioned[1] % 2
    ours = fit(features, labels, penalty=2e-2, tolerance=TOLERANCE)
    peer = peer_fit(features, labels, 1e-2)
    np.testing.assert_allclose(ours.weight[1], peer.coef_[0] / 2, rtol=0, atol=1e-5 * np.abs(peer.coef_).max())
    np.testing.assert_allclose(ours.bias[1], peer.intercept_[0] / 2, rtol=0, atol=1e-5)


def peer_fit(features, labels, penalty):
    peer = LogisticRegression(C=1 / (len(labels) * penalty), tol=1e-12, max_iter=10_000, solver="newton-cg")
    return peer.fit(features.numpy(), labels.numpy())


@pytest.mark.parametrize("penalty", [1.0, 1e-2, 1e-4])
def test_loss_and_gradient_norm_are_those_of_the_model_it_returns(ill_conditioned, penalty):
    features, labels = ill_conditioned
    found = fit(features, labels, penalty=penalty, tolerance=TOLERANCE)
    weight, bias = found.weight.clone().requires_grad_(), found.bias.clone().requires_grad_()
    centred = features - features.mean(0)
    shift = (found.weight @ features.mean(0)).detach()
    logits = centred @ weight.T + bias + shift
    loss = torch.nn.functional.cross_entropy(logits, labels) + 0.5 * penalty * weight.square().sum()
    gradients = torch.autograd.grad(loss, (weight, bias))
    assert found.loss == pytest.approx(loss.item(), abs=1e-12)
    assert torch.cat([g.flatten() for g in gradients]).norm().item() < 1.1 * TOLERANCE
    assert found.gradient_norm <= TOLERANCE


def test_gradient_equals_finite_differences(mixture):
    features, labels = mixture(2500)  # more than two blocks
    target = torch.nn.functional.one_hot(labels, 4).T.double().contiguous()
    objective = Objective(features, target)
    parameters = torch.from_numpy(np.random.default_rng(3).standard_normal((4, 13)) * 0.1)
    _, gradient = objective.at(parameters, 0.3)
    for row, column in ((0, 0), (2, 7), (3, 12)):
        step = torch.zeros_like(parameters)
        step[row, column] = 1e-6
        slope = (objective.at(parameters + step, 0.3)[0] - objective.at(parameters - step, 0.3)[0]) / 2e-6
        assert slope == pytest.approx(gradient[row, column].item(), abs=1e-8)


def test_a_path_ends_where_cold_starts_do(ill_conditioned):
    features, labels = ill_conditioned
    penalties = [1.0, 0.1, 0.01, 0.001]
    warm = list(path(features, labels, penalties=penalties, tolerance=TOLERANCE))
    cold = [fit(features, labels, penalty=penalty, tolerance=TOLERANCE) for penalty in penalties]
    assert [f.penalty for f in warm] == penalties
    for one, other in zip(warm, cold, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=1e-12)
        torch.testing.assert_close(one.weight, other.weight, rtol=0, atol=1e-4)


def test_a_path_starts_at_the_previous_fit(ill_conditioned):
    cold, warm = path(*ill_conditioned, penalties=[0.01, 0.01], tolerance=TOLERANCE)
    assert warm.evaluations <= 5 < cold.evaluations


@pytest.mark.parametrize("penalty", [1.0, 1e-3, 1e-6])
def test_a_coarse_path_is_as_good_as_its_tolerance_says(ill_conditioned, penalty):
    (coarse,), (exact,) = (
        list(path(*ill_conditioned, penalties=[penalty], tolerance=1e-4, coarse=coarse)) for coarse in (True, False)
    )
    assert coarse.loss == pytest.approx(exact.loss, abs=1e-5)
    assert coarse.gradient_norm <= 1e-4
    assert not torch.equal(coarse.weight, exact.weight)  # so float32 was used


def test_a_coarse_path_goes_on_in_float64_where_float32_does_not_reach_its_tolerance(ill_conditioned):
    (coarse,) = path(*ill_conditioned, penalties=[1e-3], tolerance=TOLERANCE, coarse=True)
    exact = fit(*ill_conditioned, penalty=1e-3, tolerance=TOLERANCE)
    assert coarse.gradient_norm <= TOLERANCE
    torch.testing.assert_close(coarse.weight, exact.weight, rtol=0, atol=1e-4)


def test_a_fit_starts_at_another(ill_conditioned):
    """On other examples of the same classes, so in another eigenbasis and around another mean."""
    features, labels = ill_conditioned
    part = fit(features[:200], labels[:200], penalty=0.01, tolerance=TOLERANCE)
    cold, warm = (fit(features, labels, penalty=0.01, tolerance=TOLERANCE, start=start) for start in (None, part))
    same = fit(features, labels, penalty=0.01, tolerance=TOLERANCE, start=cold)
    assert same.evaluations <= 5 < warm.evaluations < cold.evaluations
    torch.testing.assert_close(warm.weight, cold.weight, rtol=0, atol=1e-5)
    two_classes = fit(features, labels % 2, penalty=0.01, tolerance=TOLERANCE, start=part)
    assert len(two_classes.weight) == 2


def test_rotated_and_shifted_features_get_the_same_predictions(ill_conditioned):
    features, labels = ill_conditioned
    rotation = torch.linalg.qr(torch.from_numpy(np.random.default_rng(2).standard_normal((12, 12))))[0]
    moved = features @ rotation + 7
    plain, other = (fit(x, labels, penalty=1e-3, tolerance=TOLERANCE) for x in (features, moved))
    assert other.loss == pytest.approx(plain.loss, abs=1e-10)
    torch.testing.assert_close(other.weight @ rotation.T, plain.weight, rtol=0, atol=1e-5)
    assert torch.equal(other.predict(moved), plain.predict(features))


def test_scaled_features_with_a_scaled_penalty_get_the_same_predictions(ill_conditioned):
    features, labels = ill_conditioned
    plain = fit(features, labels, penalty=1e-3, tolerance=TOLERANCE)
    scaled = fit(features * 8, labels, penalty=1e-3 * 64, tolerance=TOLERANCE)
    torch.testing.assert_close(scaled.weight * 8, plain.weight, rtol=0, atol=1e-5)
    assert scaled.loss == pytest.approx(plain.loss, abs=1e-10)


def test_bias_alone_learns_the_class_frequencies():
    labels = torch.tensor([0] * 70 + [1] * 20 + [2] * 10)
    found = fit(torch.zeros(100, 3), labels, penalty=1.0, tolerance=TOLERANCE)
    torch.testing.assert_close(
        found.bias.softmax(0), torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64), atol=1e-7, rtol=0
    )
    assert torch.equal(found.weight, torch.zeros(3, 3, dtype=torch.float64))


def test_a_fit_that_does_not_converge_is_an_input_error(ill_conditioned, monkeypatch):
    monkeypatch.setattr("selfsup.evaluations.solvers.logistic_regression.MAX_ITERATIONS", 3)
    with pytest.raises(
        InputError, match=r"penalty 0.001 stopped at gradient norm .* raise the evaluation's key tolerance"
    ):
        fit(*ill_conditioned, penalty=1e-3, tolerance=TOLERANCE)
