"""The quality of fills against scikit-image and by hand."""

import numpy as np
import pytest
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio

from selfsup.evaluations.metrics.bootstrap import RESAMPLES
from selfsup.evaluations.metrics.fill_quality import fill_quality, gradient_energy, measures
from tests.evaluations.named import named


def images(seed, count=6):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, 3, 12, 12)).astype(np.uint8))


def central(count=6):
    mask = torch.zeros(count, 12, 12, dtype=torch.bool)
    mask[:, 3:9, 4:8] = True
    return mask


def values(found):
    return {name: m.value for name, m in named(found).items()}


def test_errors_agree_with_scikit_image_on_the_hole():
    filled, original, mask = images(0), images(1), central()
    found = values(measures(fill_quality(filled, original, mask), "x"))
    cuts = [(f[:, 3:9, 4:8] / 255, o[:, 3:9, 4:8] / 255) for f, o in zip(filled.numpy(), original.numpy(), strict=True)]
    assert found["l2/x"] == pytest.approx(100 * np.mean([mean_squared_error(o, f) for f, o in cuts]))
    psnr = [peak_signal_noise_ratio(o, f, data_range=1) for f, o in cuts]
    assert found["psnr/x"] == pytest.approx(np.mean(psnr))
    assert found["l1/x"] == pytest.approx(100 * np.mean([np.abs(f - o).mean() for f, o in cuts]))


def test_what_is_outside_of_the_hole_does_not_count():
    filled, original, mask = images(0), images(1), central()
    outside = torch.where(mask[:, None], filled, images(2))
    assert measures(fill_quality(outside, original, mask)) == measures(fill_quality(filled, original, mask))


def test_holes_of_unlike_sizes_give_each_image_its_own_mean():
    original = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    filled, mask = original.clone(), torch.zeros(2, 4, 4, dtype=torch.bool)
    mask[0, 0, 0] = True
    mask[1] = True
    filled[0, :, 0, 0] = 51  # a fifth of the range
    filled[1, 0] = 255  # one channel of three entirely wrong
    found = fill_quality(filled, original, mask)
    assert found.absolute.tolist() == pytest.approx([0.2, 1 / 3])
    assert found.squared.tolist() == pytest.approx([0.04, 1 / 3])
    assert values(measures(found)) == pytest.approx(
        {"l1": 100 * (0.2 + 1 / 3) / 2, "l2": 100 * (0.04 + 1 / 3) / 2, "psnr": -5 * np.log10(0.04 / 3)}
    )  # and no sharpness, since a black original has no detail


def test_gradient_energy_counts_pairs_inside_of_the_hole():
    image, mask = images(3, 2), torch.rand(2, 12, 12, generator=torch.Generator().manual_seed(0)) > 0.4
    for n in range(2):
        expected = 0.0
        for row in range(12):
            for column in range(12):
                for r, c in ((row + 1, column), (row, column + 1)):
                    if r < 12 and c < 12 and mask[n, row, column] and mask[n, r, c]:
                        for channel in range(3):
                            difference = int(image[n, channel, r, c]) - int(image[n, channel, row, column])
                            expected += (difference / 255) ** 2
        assert gradient_energy(image, mask)[n].item() == pytest.approx(expected)


def test_a_perfect_fill_is_as_sharp_as_the_original_and_a_flat_one_is_not():
    original, mask = images(0), central()
    perfect = values(measures(fill_quality(original, original, mask)))
    assert perfect == pytest.approx({"l1": 0, "l2": 0, "psnr": 58.92, "sharpness": 1}, abs=0.01)
    flat = torch.where(mask[:, None], torch.tensor(77, dtype=torch.uint8), original)
    assert values(measures(fill_quality(flat, original, mask)))["sharpness"] == 0
    softer = torch.where(mask[:, None], original // 2, original)
    assert values(measures(fill_quality(softer, original, mask)))["sharpness"] == pytest.approx(0.25, abs=0.01)


def test_intervals_are_the_bootstrap_over_images():
    filled, original, mask = images(0, 200), images(1, 200), central(200)
    quality = fill_quality(filled, original, mask)
    random = np.random.default_rng(7)
    rows = random.integers(0, 200, (RESAMPLES, 200))
    expected = {
        "l2": 100 * quality.squared.numpy()[rows].mean(1),
        "sharpness": quality.energy.numpy()[rows].sum(1) / quality.energy_original.numpy()[rows].sum(1),
    }
    for measure in measures(quality):
        assert measure.boot_low < measure.value < measure.boot_high
        assert (measure.n, measure.split, measure.layer) == (200, "test", "")
        if measure.metric in expected:
            low, high = np.quantile(expected[measure.metric], [0.025, 0.975])
            width = high - low
            assert measure.boot_low == pytest.approx(low, abs=0.15 * width)
            assert measure.boot_high == pytest.approx(high, abs=0.15 * width)
    assert [(m.metric, m.unit) for m in measures(quality)] == [
        ("l1", "%"),
        ("l2", "%"),
        ("psnr", "dB"),
        ("sharpness", "ratio"),
    ]
