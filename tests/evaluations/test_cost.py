"""Costs of a small encoder, by hand."""

import numpy as np
import pytest

from selfsup.evaluations import cost
from selfsup.nn.encoder import build, save_encoder
from tests.evaluations.named import named

CHANNELS = [(3, 4, 5, 8), (4, 8, 3, 4), (8, 16, 3, 2), (16, 32, 3, 1)]  # in, out, kernel, side of the map


def test_of_a_small_convolutional_network(write_prepared, write_run):
    inputs = write_prepared([np.zeros((6, 3, 16, 16), np.uint8)] * 2)
    encoder = write_run(width=4)
    measures = named(cost.evaluate(inputs, batch_size=4))
    products = sum(i * o * kernel**2 * side**2 for i, o, kernel, side in CHANNELS)
    assert measures["multiply_adds"].value == pytest.approx(products / 1e6)
    assert measures["parameters"].value == sum(p.numel() for p in encoder.parameters()) / 1e3
    # Each convolution keeps its input, and so does the BatchNorm behind it; ReLU keeps its output, the next input.
    maps = 3 * 16**2 + sum(2 * o * side**2 for _, o, _, side in CHANNELS)
    assert 4 * maps <= 1e3 * measures["saved_bytes"].value < 1.3 * 4 * maps
    assert measures["saved_bytes"].n == 4


def test_twice_the_images_cost_the_same_an_image(write_prepared, write_run):
    inputs = write_prepared([np.zeros((8, 3, 16, 16), np.uint8)] * 2)
    write_run(width=4)
    four, eight = (named(cost.evaluate(inputs, batch_size=size)) for size in (4, 8))
    assert four["multiply_adds"].value == eight["multiply_adds"].value
    assert four["saved_bytes"].value == pytest.approx(eight["saved_bytes"].value, rel=0.05)


def test_pixels_cost_nothing(write_prepared, inputs):
    write_prepared([np.zeros((4, 3, 8, 8), np.uint8)] * 2)
    save_encoder(build({"backbone": "pixels"}), inputs.weights)
    assert {name: m.value for name, m in named(cost.evaluate(inputs, batch_size=4)).items()} == {
        "parameters": 0,
        "multiply_adds": 0,
        "saved_bytes": 0,
    }
