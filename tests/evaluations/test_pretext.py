"""The pretext baselines on hand-made tasks: solvable by colour, unsolvable, and matching."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from selfsup.errors import NotApplicable
from selfsup.evaluations import pretext
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
    assert {(m.split, m.unit) for m in measures} == {("test", "%")}
    return {name: m.value for name, m in named(measures).items()}


def test_colour_solves_a_colour_task(write_pretext, write_run):
    write_run()
    inputs = write_pretext("classification", train=task(200, 0, True), test=task(100, 1, True))
    found = accuracies(pretext.evaluate(inputs, **KEYS))
    assert found["pretext_accuracy"] == 50
    assert found["pretext_accuracy/colour_histogram"] == 100
    assert found["pretext_accuracy/untrained"] > 70
    untrained = found["pretext_accuracy/untrained"]
    below = 100 * (50 - untrained) / (100 - untrained)  # negative
    assert found["pretext_skill"] == pytest.approx(below)


def test_noise_is_at_chance(write_pretext, write_run):
    write_run()
    inputs = write_pretext("classification", train=task(300, 0, False), test=task(300, 1, False))
    found = accuracies(pretext.evaluate(inputs, **KEYS))
    assert found["pretext_accuracy/colour_histogram"] == pytest.approx(33, abs=10)
    assert found["pretext_accuracy/untrained"] == pytest.approx(33, abs=10)


def test_the_task_brings_baselines_of_its_own(write_pretext, write_run):
    write_run()
    test = task(100, 1, False)
    inputs = write_pretext("classification", {"previous_frame": ~test[3]}, train=task(100, 0, False), test=test)
    found = {name: m.value for name, m in named(pretext.evaluate(inputs, **KEYS)).items()}
    assert found["pretext_accuracy/previous_frame"] == 100 - found["pretext_accuracy"] == 50


def distribution(rows, seed, coloured=True):
    """A colour task whose method gives each target half of the probability."""
    images, target, group, _ = task(rows, seed, coloured)
    return images, target, group, np.full(rows, 0.5, np.float32)


def test_bits_are_below_the_cross_entropy_of_the_shares(write_pretext, write_run):
    """By hand: three classes by their shares in training, against a half, both mixed with a hundredth of the uniform one."""
    write_run()
    train, test = distribution(200, 0), distribution(100, 1)
    measures = pretext.evaluate(write_pretext("distribution", train=train, test=test), **KEYS)
    *measures, skill = measures
    assert all((m.metric, m.unit, m.n) == ("pretext_bits", "bits", 100) for m in measures)
    assert all(m.boot_low <= m.value <= m.boot_high for m in measures)
    found = {m.baseline: m.value for m in measures}
    share = np.bincount(train[1])[test[1]] / 200
    expected = np.log2((0.99 * 0.5 + 0.01 / 3) / (0.99 * share + 0.01 / 3)).mean()
    assert found[""] == pytest.approx(expected, abs=1e-6)
    assert found["colour_histogram"] == pytest.approx(np.log2(3), abs=0.1)  # it solves the task
    perfect = np.log2((0.99 + 0.01 / 3) / (0.99 * share + 0.01 / 3)).mean()
    way = perfect - found["untrained"]
    assert (skill.metric, skill.unit) == ("pretext_skill", "%")
    assert skill.value == pytest.approx(100 * (expected - found["untrained"]) / way, rel=1e-4)
    assert found["untrained"] > 0.5


def test_noise_has_no_bits_and_a_class_that_never_trained_costs_finitely_many(write_pretext, write_run):
    write_run()
    train, (images, target, group, score) = distribution(300, 0, False), distribution(300, 1, False)
    measures = pretext.evaluate(write_pretext("distribution", train=train, test=(images, target, group, score)), **KEYS)
    found = {m.baseline: m.value for m in measures if m.metric == "pretext_bits"}
    assert found["colour_histogram"] == pytest.approx(0, abs=0.05)
    assert found["untrained"] == pytest.approx(0, abs=0.05)
    never = np.where(np.arange(300) < 3, 5, target)
    measures = pretext.evaluate(write_pretext("distribution", train=train, test=(images, never, group, score)), **KEYS)
    found = {m.baseline: m.value for m in measures if m.metric == "pretext_bits"}
    assert found["colour_histogram"] == pytest.approx(0, abs=0.05)  # the prior does not know it either
    assert found[""] == pytest.approx(np.log2(1.5), abs=0.15)


def test_target_probability_equals_scikit_learn():
    """At the only penalty; labels need not be all of 0 to K - 1."""
    draws = np.random.default_rng(0)
    x, labels = draws.normal(size=(120, 4)), np.array([0, 2, 5])[draws.integers(0, 3, 120)]
    x[:, 0] += labels
    model = LogisticRegression(C=1 / (120 * 0.1), tol=1e-10, max_iter=1000).fit(x, labels)
    held, asked = torch.arange(120) % 4 == 0, torch.tensor([0, 2, 5, 4])
    parts = (torch.from_numpy(x), torch.from_numpy(x[:4]), torch.from_numpy(labels), asked, held)
    found = pretext.target_probability(*parts, penalties=[0.1], tolerance=1e-8)
    expected = model.predict_proba(x[:4])
    assert found.tolist() == pytest.approx([expected[0, 0], expected[1, 1], expected[2, 2], 0], abs=1e-5)


def test_copies_are_matched_within_their_group(write_pretext, write_run):
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
        "pretext_skill": 100,
    }


def test_nearest_in_group_is_another_row_and_the_first_of_equals():
    features = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    group = torch.tensor([0, 0, 0, 1, 1, 1])
    assert pretext.nearest_in_group(features, group).tolist() == [1, 0, 0, 5, 5, 4]


def test_without_a_task_it_does_not_apply(inputs, write_run):
    write_run()
    with pytest.raises(NotApplicable, match="no pretext task"):
        pretext.evaluate(inputs, **KEYS)
