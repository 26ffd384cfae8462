"""Shares and weights of colours against loops, and what equation 4 promises."""

import math

import pytest
import torch

from selfsup.views import ab_prior as module
from selfsup.views.ab_bins import bins_in_gamut, nearest_bin
from selfsup.views.ab_prior import ab_prior, rebalancing_weights
from selfsup.views.lab import rgb_to_lab

CENTRES = bins_in_gamut(10.0)


def images(count=6, seed=0):
    draws = torch.Generator().manual_seed(seed)
    return (torch.rand(count, 3, 8, 8, generator=draws) ** 2 * 255).to(torch.uint8)


@pytest.mark.parametrize("spacing", [10.0, 7.0, 35.0])
def test_prior_counts_the_nearest_bins(spacing, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_IMAGES", 4)
    centres = bins_in_gamut(spacing)
    nearest = nearest_bin(rgb_to_lab(images().float() / 255)[:, 1:], centres)
    expected = nearest.flatten().bincount(minlength=len(centres)) / nearest.numel()
    torch.testing.assert_close(ab_prior(images(), centres, spacing), expected)


def test_extreme_colours_fall_into_bins():
    corners = torch.cartesian_prod(*[torch.tensor([0, 255], dtype=torch.uint8)] * 3).T.reshape(1, 3, 8, 1)
    prior = ab_prior(corners, CENTRES, 10.0)
    assert prior.sum() == pytest.approx(1)
    assert (prior > 0).sum() == 7  # black and white are one


def equation_4(prior, centres, sigma, fraction):
    """w ~ ((1 - lambda) smoothed + lambda / Q)^-1 with sum of smoothed times w = 1, bin by bin."""
    smoothed = []
    for a, b in centres:
        kernel = [math.exp(-((a - p) ** 2 + (b - q) ** 2) / (2 * sigma**2)) for p, q in centres]
        smoothed.append(sum(k * p for k, p in zip(kernel, prior, strict=True)))
    smoothed = [s / sum(smoothed) for s in smoothed]
    weight = [1 / ((1 - fraction) * s + fraction / len(prior)) for s in smoothed]
    mean = sum(s * w for s, w in zip(smoothed, weight, strict=True))
    return torch.tensor([w / mean for w in weight])


@pytest.mark.parametrize(("sigma", "fraction"), [(5.0, 0.5), (8.0, 0.1)])
def test_weights_are_equation_4(sigma, fraction):
    prior = ab_prior(images(), CENTRES, 10.0)
    found = rebalancing_weights(prior, CENTRES, sigma=sigma, uniform_fraction=fraction)
    torch.testing.assert_close(found, equation_4(prior.tolist(), CENTRES.tolist(), sigma, fraction))


def test_rare_colours_count_more_and_a_uniform_mixture_alone_weights_nothing():
    prior = ab_prior(images(), CENTRES, 10.0)
    weight = rebalancing_weights(prior, CENTRES, sigma=5.0, uniform_fraction=0.5)
    assert weight[prior.argmax()] == weight.min()
    assert weight[prior == 0].mean() > weight[prior > 0].mean()
    assert torch.equal(rebalancing_weights(prior, CENTRES, sigma=5.0, uniform_fraction=1.0), torch.ones_like(prior))
