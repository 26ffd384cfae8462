"""Colorization's quality on cases whose answer is known, and its area against a curve swept by thresholds."""

import h5py
import numpy as np
import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import colorization
from selfsup.views.lab import lab_to_rgb, rgb_to_lab
from tests.evaluations.named import named

KEYS = {"spacing": 10.0, "smoothing_sigma": 5.0, "uniform_fraction": 0.1, "largest_error": 150.0}


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
    """Writes a run that answers with ab (M, 2, H, W) on test images."""

    def write(ab=None, kind="colorization"):
        train, test = images(12, 1), images()
        write_prepared((train, test))
        lab = lab_of(test)
        ab = lab[:, 1:] if ab is None else ab
        picture = lab_to_rgb(torch.cat([lab[:, :1], ab], 1))
        with h5py.File(inputs.predictions / "predictions.h5", "w") as file:
            file.attrs["kind"] = kind
            file["images/original"] = test
            file["images/predicted"] = (picture * 255).round().to(torch.uint8).numpy()
            file["arrays/predicted_ab"] = ab.numpy()
            file["arrays/target_ab"] = lab[:, 1:].numpy()
        return inputs

    return write


def found(inputs, **changed):
    measures = colorization.evaluate(inputs, **{**KEYS, **changed})
    assert all(m.n == 6 and m.split == "test" for m in measures)
    assert {m.unit for m in measures if m.metric.startswith("auc")} == {"%"}
    return {name: m.value for name, m in named(measures).items()}


def test_names(write_predictions):
    names = {
        f"{name}{of}" for name in ("auc", "auc_rebalanced", "colourfulness") for of in ("", "/grey", "/mean_colour")
    }
    assert set(found(write_predictions())) == names | {"colourfulness/original"}


def test_the_truth_is_perfect(write_predictions):
    measured = found(write_predictions())
    assert measured["auc"] == measured["auc_rebalanced"] == pytest.approx(100)
    assert measured["colourfulness"] == pytest.approx(measured["colourfulness/original"], abs=0.5)


def test_grey_answers_are_the_grey_baseline(write_predictions):
    measured = found(write_predictions(torch.zeros(6, 2, 8, 8)))
    for name in ("auc", "auc_rebalanced", "colourfulness"):
        assert measured[name] == pytest.approx(measured[f"{name}/grey"], abs=1e-6)
    assert measured["colourfulness/grey"] < 1 < measured["colourfulness/original"]


def test_mean_colour_is_that_of_the_training_set(write_predictions):
    """To the half of a bin: the mean is that of the bins' shares."""
    inputs = write_predictions()
    mean = lab_of(images(12, 1))[:, 1:].mean((0, 2, 3))
    error = (lab_of(images())[:, 1:] - mean[:, None, None]).norm(dim=1)
    assert found(inputs)["auc/mean_colour"] == pytest.approx(float(100 * (1 - error / 150).mean()), abs=2)


def test_rare_colours_weigh_more_and_a_uniform_mixture_not_at_all(write_predictions):
    """Grey is right on three quarters of the pixels; wrong where colours are rare."""
    inputs = write_predictions()
    measured, uniform = found(inputs), found(inputs, uniform_fraction=1.0)
    assert measured["auc_rebalanced/grey"] < measured["auc/grey"] - 5
    assert uniform["auc_rebalanced/grey"] == pytest.approx(uniform["auc/grey"])


def test_auc_is_the_area_under_the_swept_curve():
    draws = torch.Generator().manual_seed(0)
    error = 180 * torch.rand(4, 5, 6, generator=draws, dtype=torch.float64)
    weight = torch.rand(4, 5, 6, generator=draws, dtype=torch.float64)
    thresholds = torch.linspace(0, 150, 15001, dtype=torch.float64)
    mass = torch.stack([(weight * (error <= threshold)).sum() for threshold in thresholds]) / weight.sum()
    swept = 100 * torch.trapezoid(mass, thresholds) / 150
    assert colorization.auc(error, weight, 150.0) == pytest.approx(float(swept), abs=0.01)


def test_other_runs_are_not_scored(write_predictions, inputs):
    with pytest.raises(NotApplicable):
        colorization.evaluate(inputs, **KEYS)
    with pytest.raises(NotApplicable):
        colorization.evaluate(write_predictions(kind="inpainting"), **KEYS)
