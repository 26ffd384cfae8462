"""The pretext baselines on tasks made by hand: solvable by colour, by nothing, by matching."""

import numpy as np
import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import pretext
from selfsup.evaluations.baselines.colour_histogram import colour_histogram
from tests.evaluations.named import named

KEYS = {"penalties": [1.0, 0.1, 0.01], "held_out_fraction": 0.2, "tolerance": 1e-5, "batch_size": 50}


def noise(rows, seed):
    return np.random.default_rng(seed).integers(0, 156, (rows, 3, 16, 16)).astype(np.uint8)


def task(rows, seed, coloured):
    """A classification into 3: by a colour cast, or by nothing at all; the method got half of it right."""
    images, target = noise(rows, seed), np.random.default_rng(seed + 100).integers(0, 3, rows)
    if coloured:
        images[np.arange(rows), target] += 100
    return images, target, np.zeros(rows, np.int64), np.arange(rows) % 2 == 0


def accuracies(measures):
    assert [(m.split, m.unit) for m in measures] == [("test", "%")] * 3
    return {name: m.value for name, m in named(measures).items()}


def test_colour_solves_a_colour_task(write_pretext, write_run):
    write_run()
    inputs = write_pretext("classification", train=task(200, 0, True), test=task(100, 1, True))
    found = accuracies(pretext.evaluate(inputs, **KEYS))
    assert found["pretext_accuracy"] == 50
    assert found["pretext_accuracy/colour_histogram"] == 100
    assert found["pretext_accuracy/untrained"] > 70


def test_nothing_solves_noise(write_pretext, write_run):
    write_run()
    inputs = write_pretext("classification", train=task(300, 0, False), test=task(300, 1, False))
    found = accuracies(pretext.evaluate(inputs, **KEYS))
    assert found["pretext_accuracy/colour_histogram"] == pytest.approx(33, abs=10)
    assert found["pretext_accuracy/untrained"] == pytest.approx(33, abs=10)


def test_matching_finds_copies_within_their_group(write_pretext, write_run):
    write_run()
    images = noise(20, 0)
    images[:, 0] += (np.arange(20) * 5)[:, None, None].astype(np.uint8)  # each its own red
    both = np.concatenate([images, images])
    target = np.roll(np.arange(40), 20)
    together, apart = np.zeros(40, np.int64), np.repeat([0, 1], 20)
    right = np.ones(40, bool)
    found = {}
    for name, group in (("together", together), ("apart", apart)):
        split = (both, target, group, right)
        inputs = write_pretext("matching", train=split, test=split)
        found[name] = accuracies(pretext.evaluate(inputs, **KEYS))
    assert set(found["together"].values()) == {100}
    assert found["apart"] == {
        "pretext_accuracy": 100,
        "pretext_accuracy/untrained": 0,
        "pretext_accuracy/colour_histogram": 0,
    }


def test_nearest_in_group_is_another_row_and_the_first_of_equals():
    features = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    group = torch.tensor([0, 0, 0, 1, 1, 1])
    assert pretext.nearest_in_group(features, group).tolist() == [1, 0, 0, 5, 5, 4]


def test_without_a_task_it_does_not_apply(inputs, write_run):
    write_run()
    with pytest.raises(NotApplicable, match="no pretext task"):
        pretext.evaluate(inputs, **KEYS)


def test_colour_histogram_counts_pixels():
    image = torch.zeros(2, 3, 2, 2, dtype=torch.uint8)
    image[1, 0] = 255  # three red pixels and one white
    image[1, 1:, 0, 0] = 255
    found = colour_histogram(image)
    assert found.shape == (2, 64)
    assert found[0, 0] == 1
    assert {int(i): float(found[1, i]) for i in found[1].nonzero()} == {48: 0.75, 63: 0.25}
    levels = torch.tensor([63, 64, 127, 128, 191, 192], dtype=torch.uint8).view(6, 1, 1, 1)
    blue = torch.cat([torch.zeros(6, 2, 1, 1, dtype=torch.uint8), levels], 1)
    assert colour_histogram(blue).argmax(1).tolist() == [0, 1, 1, 2, 2, 3]
