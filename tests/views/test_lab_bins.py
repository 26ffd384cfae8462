"""Quantised Lab against brute force: bins of ab and of lightness, their prior, and the weights of equation 4."""

import math

import pytest
import torch

from selfsup.views import lab_bins as module
from selfsup.views.lab import rgb_to_lab
from selfsup.views.lab_bins import (
    ab_prior,
    annealed_mean,
    bins_in_gamut,
    grid_bin,
    lightness_bins,
    nearest_bin,
    nearest_lightness,
    rebalancing_weights,
    soft_bins,
)

CENTRES = bins_in_gamut(10.0)


def random_ab(count=3, height=5, width=7, seed=1):
    return torch.randn(count, 2, height, width, generator=torch.Generator().manual_seed(seed)) * 45


def brute_force(ab, centres):
    """Return, pixel by pixel, (row, squared distance) of all centres, nearest first, in float64."""
    found = {}
    for n in range(len(ab)):
        for y in range(ab.shape[2]):
            for x in range(ab.shape[3]):
                a, b = ab[n, :, y, x].tolist()
                distances = [(a - p) ** 2 + (b - q) ** 2 for p, q in centres.tolist()]
                found[n, y, x] = sorted(enumerate(distances), key=lambda pair: pair[1])
    return found


def test_cells_are_multiples_of_the_spacing_and_distinct():
    assert torch.equal(CENTRES, (CENTRES / 10).round() * 10)
    assert len(CENTRES.unique(dim=0)) == len(CENTRES)


def test_number_of_cells_falls_with_their_area():
    """The gamut's area over a cell's, and a rim of cells that it only touches: 261 at 10, where the paper counts 313."""
    assert [len(bins_in_gamut(spacing)) for spacing in (5.0, 10.0, 20.0)] == [969, 261, 77]


def test_every_colour_of_srgb_has_its_cell_and_every_cell_a_colour():
    """Colours from all over the RGB cube, not from its faces alone, fall into the cells; a fine lattice fills them."""
    inside = torch.randint(0, 256, (200_000, 3), generator=torch.Generator().manual_seed(0)).double() / 255
    lattice = torch.cartesian_prod(*[torch.linspace(0, 1, 52, dtype=torch.float64)] * 3)
    cells = [(rgb_to_lab(c.T[None, :, :, None])[0, 1:, :, 0].T / 10).round() * 10 for c in (inside, lattice)]
    known = {tuple(centre) for centre in CENTRES.tolist()}
    seen = {tuple(cell) for cell in torch.cat(cells).unique(dim=0).tolist()}
    assert seen <= known
    assert len(known - seen) <= 3  # corners of cells that only a few of 16 million colours reach


def test_nearest_bin_is_the_nearest():
    ab = random_ab()
    nearest = nearest_bin(ab, CENTRES)
    assert nearest.shape == (3, 5, 7)
    assert nearest.dtype == torch.int64
    for (n, y, x), ordered in brute_force(ab, CENTRES).items():
        assert nearest[n, y, x] == ordered[0][0]


@pytest.mark.parametrize("spacing", [10.0, 30.0])
def test_rounding_gives_the_nearest_bin_of_colours_of_srgb(spacing):
    centres = bins_in_gamut(spacing)
    ab = rgb_to_lab(torch.rand(6, 3, 20, 30, generator=torch.Generator().manual_seed(1)))[:, 1:]
    assert torch.equal(grid_bin(ab, centres, spacing), nearest_bin(ab, centres))
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3).T.reshape(1, 3, 8, 1)
    ab = rgb_to_lab(corners)[:, 1:]
    assert torch.equal(grid_bin(ab, centres, spacing), nearest_bin(ab, centres))


def test_a_centre_is_its_own_bin():
    assert torch.equal(nearest_bin(CENTRES.T[None, :, :, None], CENTRES)[0, :, 0], torch.arange(len(CENTRES)))


def test_chunks_change_no_result(monkeypatch):
    ab = random_ab()
    whole = nearest_bin(ab, CENTRES), *soft_bins(ab, CENTRES)
    monkeypatch.setattr(module, "CHUNK_COLOURS", 11)
    for found, expected in zip((nearest_bin(ab, CENTRES), *soft_bins(ab, CENTRES)), whole, strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize(("neighbours", "sigma"), [(5, 5.0), (3, 12.0)])
def test_soft_bins_are_the_nearest_with_gaussian_weights(neighbours, sigma):
    ab = random_ab(2, 3, 4)
    index, weight = soft_bins(ab, CENTRES, neighbours, sigma)
    assert index.shape == weight.shape == (2, neighbours, 3, 4)
    for (n, y, x), ordered in brute_force(ab, CENTRES).items():
        rows, squared = zip(*ordered[:neighbours], strict=True)
        gaussian = torch.exp(-(torch.tensor(squared, dtype=torch.float64) - squared[0]) / (2 * sigma**2))
        assert index[n, :, y, x].tolist() == list(rows)
        torch.testing.assert_close(weight[n, :, y, x].double(), gaussian / gaussian.sum(), rtol=1e-3, atol=1e-6)


def test_annealed_mean_goes_from_mode_to_mean():
    logits = torch.randn(2, len(CENTRES), 3, 4, generator=torch.Generator().manual_seed(2)) * 2
    mode = CENTRES[logits.argmax(1)].movedim(-1, 1)
    mean = torch.einsum("nqhw,qc->nchw", logits.softmax(1), CENTRES)
    torch.testing.assert_close(annealed_mean(logits, CENTRES, 1e-4), mode, rtol=0, atol=1e-2)
    torch.testing.assert_close(annealed_mean(logits, CENTRES, 1.0), mean)


def test_annealed_mean_by_equation_5():
    """f_T(z) = exp(log(z) / T) / sum, then the mean of the centres; probabilities go in as their logarithms."""
    z = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    centres = torch.tensor([[0.0, 10.0], [20.0, -10.0], [-30.0, 40.0]])
    sharpened = z ** (1 / 0.38) / (z ** (1 / 0.38)).sum()
    found = annealed_mean(z.log()[None, :, None, None], centres, 0.38)
    torch.testing.assert_close(found[0, :, 0, 0], sharpened @ centres.double())


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


def test_rare_colours_weigh_more_and_a_uniform_mixture_alone_gives_weights_of_one():
    prior = ab_prior(images(), CENTRES, 10.0)
    weight = rebalancing_weights(prior, CENTRES, sigma=5.0, uniform_fraction=0.5)
    assert weight[prior.argmax()] == weight.min()
    assert weight[prior == 0].mean() > weight[prior > 0].mean()
    assert torch.equal(rebalancing_weights(prior, CENTRES, sigma=5.0, uniform_fraction=1.0), torch.ones_like(prior))


@pytest.mark.parametrize("count", [1, 3, 50])
def test_lightness_bins_have_equal_width_and_cover_the_range(count):
    centres = lightness_bins(count)
    assert centres.shape == (count, 1)
    size = 100 / count
    torch.testing.assert_close(centres[:, 0], torch.tensor([size * (bin_ + 0.5) for bin_ in range(count)]))


@pytest.mark.parametrize("scale", [1.0, 0.02])
def test_nearest_lightness_equals_brute_force(scale):
    centres = lightness_bins(50) * scale
    lightness = 120 * torch.rand(4, 1, 5, 7, generator=torch.Generator().manual_seed(0)) - 10
    distance = (lightness[:, 0, :, :, None] * scale - centres[:, 0]).abs()
    index = nearest_lightness(lightness * scale, centres)
    assert index.dtype == torch.int64
    assert torch.equal(index, distance.argmin(-1))


def test_nearest_lightness_at_the_ends_and_at_a_border():
    lightness = torch.tensor([0.0, 1.9, 2.0, 2.1, 99.9, 100.0])[None, None, None]
    assert nearest_lightness(lightness, lightness_bins(50)).flatten().tolist() == [0, 0, 0, 1, 49, 49]
