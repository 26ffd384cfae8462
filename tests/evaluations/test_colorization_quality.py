"""Colorization on cases with known values, and its area against a curve over thresholds."""

import h5py
import numpy as np
import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import colorization
from selfsup.views.lab import rgb_to_lab
from tests.evaluations.named import named

KEYS = {"spacing": 10.0, "smoothing_sigma": 5.0, "uniform_fractions": [0.0, 0.1], "largest_error": 150.0}


def images(count=6, seed=0):
    """Mostly of one dull colour, with one saturated quarter."""
    draws = np.random.default_rng(seed)
    image = np.zeros((count, 3, 8, 8), np.uint8) + np.array([110, 120, 130], np.uint8)[:, None, None]
    image[:, :, :4, :4] = draws.integers(0, 256, (count, 3, 1, 1))
    return image


def lab_of(image):
    return rgb_to_lab(torch.from_numpy(image).float() / 255)


@pytest.fixture
def write_predictions(inputs, write_prepared):
    """Writes a run that answers with ab (M, 2, H', W') on test images, which may have masks (M, H, W)."""

    def write(ab=None, kind="colorization", mask=None, test=None):
        train, test = images(12, 1), images() if test is None else test
        write_prepared((train, test))
        if mask is not None:
            with h5py.File(inputs.target / "test.h5", "a") as file:
                file["mask"] = mask
        with h5py.File(inputs.predictions / "predictions.h5", "w") as file:
            file.attrs["kind"] = kind
            file["arrays/predicted_ab"] = (lab_of(test)[:, 1:] if ab is None else ab).numpy()
        return inputs

    return write


def found(inputs, **changed):
    measures = colorization.evaluate(inputs, **{**KEYS, **changed})
    assert all(m.n == 6 and m.split == "test" for m in measures)
    assert {m.unit for m in measures if m.metric.startswith("auc")} == {"%"}
    return {name: m.value for name, m in named(measures).items()}


def test_measures_have_their_names(write_predictions):
    metrics = ("auc", "auc_rebalanced@0", "auc_rebalanced@0.1", "colourfulness")
    names = {f"{name}{of}" for name in metrics for of in ("", "/grey", "/mean_colour", "/image_colour")}
    assert set(found(write_predictions())) == names | {"colourfulness/original"}


def test_true_colours_are_perfect(write_predictions):
    measured = found(write_predictions())
    assert [measured[name] for name in ("auc", "auc_rebalanced@0", "auc_rebalanced@0.1")] == pytest.approx([100] * 3)
    assert measured["colourfulness"] == pytest.approx(measured["colourfulness/original"], abs=0.5)


def test_grey_predictions_equal_the_grey_baseline(write_predictions):
    measured = found(write_predictions(torch.zeros(6, 2, 8, 8)))
    for name in ("auc", "auc_rebalanced@0", "colourfulness"):
        assert measured[name] == pytest.approx(measured[f"{name}/grey"], abs=1e-6)
    assert measured["colourfulness/grey"] < 1 < measured["colourfulness/original"]


def test_mean_colour_is_that_of_the_training_set(write_predictions):
    """To the half of a bin: the mean is that of the bins' shares."""
    inputs = write_predictions()
    mean = lab_of(images(12, 1))[:, 1:].mean((0, 2, 3))
    error = (lab_of(images())[:, 1:] - mean[:, None, None]).norm(dim=1)
    assert found(inputs)["auc/mean_colour"] == pytest.approx(float(100 * (1 - error / 150).mean()), abs=2)


def test_rare_colours_weigh_more_without_a_uniform_mixture(write_predictions):
    """Grey is right on three quarters of the pixels; wrong where colours are rare."""
    inputs = write_predictions()
    measured = found(inputs, uniform_fractions=[0.1, 1.0])
    assert measured["auc_rebalanced@0.1/grey"] < measured["auc/grey"] - 5
    assert measured["auc_rebalanced@1/grey"] == pytest.approx(measured["auc/grey"])


def test_coarse_predictions_are_compared_at_the_size_of_the_images(write_predictions):
    """Two places in each direction, upsampled bilinearly."""
    coarse = torch.randn(6, 2, 2, 2, generator=torch.Generator().manual_seed(0)) * 20
    whole = torch.nn.functional.interpolate(coarse, size=8, mode="bilinear")
    assert found(write_predictions(coarse)) == pytest.approx(found(write_predictions(whole)))


def test_the_oracle_knows_the_mean_colour_of_each_region(write_predictions):
    """A quarter of one saturated colour on a dull ground: with its mask the oracle is perfect, without it is not."""
    mask = np.zeros((6, 8, 8), np.uint8)
    mask[:, :4, :4] = 1
    without, measured = found(write_predictions()), found(write_predictions(mask=mask))
    assert measured["auc/region_colours"] == pytest.approx(100, abs=1e-3)
    assert "auc/image_colour" not in measured
    assert without["auc/grey"] < without["auc/image_colour"] < 99
    ab = lab_of(images())[:, 1:]
    error = (ab - ab.mean((2, 3), keepdim=True)).norm(dim=1)
    assert without["auc/image_colour"] == pytest.approx(float(100 * (1 - error / 150).mean()), abs=1e-3)


def test_region_means_are_of_each_number_in_each_image():
    ab = torch.arange(16.0).view(2, 2, 2, 2)
    mask = torch.tensor([[[0, 3], [3, 3]], [[0, 0], [0, 0]]])
    means = colorization.region_means(ab, mask)
    assert means[0, 0].tolist() == [[0, 2], [2, 2]]
    assert means[1, 1].flatten().tolist() == [13.5] * 4


def test_one_image_of_rare_colours_makes_the_interval_wide(write_predictions):
    """Sixty dull images and one of a rare colour: without a uniform share it has much of the weight, and a resample may
    leave it out."""
    test = np.tile(images()[:1], (61, 1, 1, 1))
    test[:60, :, :4, :4] = 120
    inputs = write_predictions(torch.zeros(61, 2, 8, 8), test=test)
    measures = named(colorization.evaluate(inputs, **{**KEYS, "uniform_fractions": [0.0, 0.5]}))
    width = {name: m.boot_high - m.boot_low for name, m in measures.items()}
    assert width["auc_rebalanced@0"] > 2 * width["auc_rebalanced@0.5"] > 2 * width["auc"] > 0


def test_the_area_above_errors_is_that_under_the_swept_curve():
    draws = torch.Generator().manual_seed(0)
    difference = 130 * torch.rand(4, 2, 5, 6, generator=draws, dtype=torch.float64)
    weight = torch.rand(4, 5, 6, generator=draws, dtype=torch.float64)
    error = difference.square().sum(1).sqrt()
    thresholds = torch.linspace(0, 150, 15001, dtype=torch.float64)
    mass = torch.stack([(weight * (error <= threshold)).sum() for threshold in thresholds]) / weight.sum()
    area = (weight * colorization.area_above(difference, 150.0)).sum() / weight.sum()
    assert float(area) == pytest.approx(float(torch.trapezoid(mass, thresholds) / 150), abs=1e-4)


def test_other_runs_are_not_scored(write_predictions, inputs):
    with pytest.raises(NotApplicable):
        colorization.evaluate(inputs, **KEYS)
    with pytest.raises(NotApplicable):
        colorization.evaluate(write_predictions(kind="inpainting"), **KEYS)
