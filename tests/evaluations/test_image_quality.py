"""The quality of fills against scikit-image and by hand; colourfulness by hand, image by image."""

import numpy as np
import pytest
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio

from selfsup.evaluations.colorization import colourfulness
from selfsup.evaluations.inpainting import fill_measures, gradient_energy
from selfsup.evaluations.metrics.bootstrap import RESAMPLES
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
    found = values(fill_measures(filled, original, mask, "x"))
    cuts = [(f[:, 3:9, 4:8] / 255, o[:, 3:9, 4:8] / 255) for f, o in zip(filled.numpy(), original.numpy(), strict=True)]
    assert found["l2/x"] == pytest.approx(100 * np.mean([mean_squared_error(o, f) for f, o in cuts]))
    psnr = [peak_signal_noise_ratio(o, f, data_range=1) for f, o in cuts]
    assert found["psnr/x"] == pytest.approx(np.mean(psnr))
    assert found["l1/x"] == pytest.approx(100 * np.mean([np.abs(f - o).mean() for f, o in cuts]))


def test_pixels_outside_the_hole_do_not_count():
    filled, original, mask = images(0), images(1), central()
    outside = torch.where(mask[:, None], filled, images(2))
    assert fill_measures(outside, original, mask) == fill_measures(filled, original, mask)


def test_errors_are_averaged_per_image_for_holes_of_different_sizes():
    original = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    filled, mask = original.clone(), torch.zeros(2, 4, 4, dtype=torch.bool)
    mask[0, 0, 0] = True
    mask[1] = True
    filled[0, :, 0, 0] = 51  # a fifth of the range
    filled[1, 0] = 255  # one channel of three entirely wrong
    assert values(fill_measures(filled, original, mask)) == pytest.approx(
        {"l1": 100 * (0.2 + 1 / 3) / 2, "l2": 100 * (0.04 + 1 / 3) / 2, "psnr": -5 * np.log10(0.04 / 3)}
    )  # and no sharpness, since a black original has no detail


def test_gradient_energy_counts_pairs_inside_the_hole():
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


def test_sharpness_of_perfect_flat_and_soft_fills():
    original, mask = images(0), central()
    perfect = values(fill_measures(original, original, mask))
    assert perfect == pytest.approx({"l1": 0, "l2": 0, "psnr": 58.92, "sharpness": 1}, abs=0.01)
    flat = torch.where(mask[:, None], torch.tensor(77, dtype=torch.uint8), original)
    assert values(fill_measures(flat, original, mask))["sharpness"] == 0
    softer = torch.where(mask[:, None], original // 2, original)
    assert values(fill_measures(softer, original, mask))["sharpness"] == pytest.approx(0.25, abs=0.01)


def test_intervals_are_the_bootstrap_over_images():
    filled, original, mask = images(0, 200), images(1, 200), central(200)
    squared = ((filled.double() - original.double()) / 255)[:, :, 3:9, 4:8].square().mean((1, 2, 3)).numpy()
    energy, original_energy = (gradient_energy(x, mask).numpy() for x in (filled, original))
    random = np.random.default_rng(7)
    rows = random.integers(0, 200, (RESAMPLES, 200))
    expected = {
        "l2": 100 * squared[rows].mean(1),
        "sharpness": energy[rows].sum(1) / original_energy[rows].sum(1),
    }
    measures = fill_measures(filled, original, mask)
    for measure in measures:
        assert measure.boot_low < measure.value < measure.boot_high
        assert (measure.n, measure.split, measure.layer) == (200, "test", "")
        if measure.metric in expected:
            low, high = np.quantile(expected[measure.metric], [0.025, 0.975])
            width = high - low
            assert measure.boot_low == pytest.approx(low, abs=0.15 * width)
            assert measure.boot_high == pytest.approx(high, abs=0.15 * width)
    assert [(m.metric, m.unit) for m in measures] == [
        ("l1", "%"),
        ("l2", "%"),
        ("psnr", "dB"),
        ("sharpness", "ratio"),
    ]


def by_hand(image):
    pixels = image.double().flatten(1).T.tolist()
    rg = [r - g for r, g, _ in pixels]
    yb = [(r + g) / 2 - b for r, g, b in pixels]

    def mean(values):
        return sum(values) / len(values)

    def variance(values):
        return mean([(v - mean(values)) ** 2 for v in values])

    return (variance(rg) + variance(yb)) ** 0.5 + 0.3 * (mean(rg) ** 2 + mean(yb) ** 2) ** 0.5


def test_colourfulness_is_per_image():
    images = torch.randint(0, 256, (3, 3, 4, 5), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    images[1] //= 3
    torch.testing.assert_close(colourfulness(images).tolist(), [by_hand(image) for image in images])


def test_colourfulness_of_grey_is_zero_and_of_one_colour_its_distance_from_grey():
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    images[0] = 90
    images[1, 0] = 200  # red - green is 200, yellow - blue 100
    grey, red = colourfulness(images).tolist()
    assert grey == 0
    assert red == pytest.approx(0.3 * (200**2 + 100**2) ** 0.5)
