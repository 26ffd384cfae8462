"""Blur against torchvision's gaussian_blur for the same kernel and sigma."""

import pytest
import torch
from scipy.stats import kstest

from selfsup.views.blur import blur_, draw_sigma, kernel_px

TF = pytest.importorskip("torchvision.transforms.v2.functional")


@pytest.mark.parametrize("kernel", [1, 3, 5, 9])
def test_is_gaussian_blur(images_40x56px, kernel):
    images = images_40x56px / 255
    sigma = draw_sigma(len(images), torch.Generator().manual_seed(0), probability=0.7)
    assert 0 < (sigma == 0).sum() < len(sigma)
    theirs = [TF.gaussian_blur(x, kernel, s) if s else x for x, s in zip(images, sigma.tolist(), strict=True)]
    torch.testing.assert_close(blur_(images.clone(), sigma, kernel), torch.stack(theirs), atol=1e-6, rtol=0)


def test_no_sigma_leaves_the_views(images_32px):
    images = images_32px / 255
    assert torch.equal(blur_(images.clone(), torch.zeros(len(images)), 3), images)


@pytest.mark.parametrize(("size_px", "kernel"), [(16, 1), (32, 3), (64, 7), (96, 9), (224, 23)])
def test_kernel_is_a_tenth_and_odd(size_px, kernel):
    assert kernel_px(size_px) == kernel


def test_sigma_is_uniform():
    sigma = draw_sigma(4000, torch.Generator().manual_seed(1), probability=0.5)
    on = sigma > 0
    assert abs(on.float().mean() - 0.5) < 4 * (0.25 / 4000) ** 0.5
    assert kstest(sigma[on].numpy(), "uniform", (0.1, 1.9)).pvalue > 1e-3
