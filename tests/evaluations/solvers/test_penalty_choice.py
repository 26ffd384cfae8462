"""The choice of a penalty: by held-out accuracy, ties to the stronger."""

import torch

from selfsup.evaluations.solvers.penalty_choice import choose_penalty
from selfsup.evaluations.solvers.splits import held_out


def test_neither_over_nor_underfitting_wins(mixture):
    features, labels = mixture(600, dimensions=50, gap=0.25)
    kept = (labels == 0) | (torch.arange(600) % 3 == 0)  # one class is frequent: the bias alone is right half the time
    held = held_out(labels[kept], 0.5, 0, "test")
    chosen, accuracy = choose_penalty(features[kept], labels[kept], [held], penalties=[1e-6, 1e-1, 1e3], tolerance=1e-6)
    assert chosen == 1e-1
    assert 0.55 < accuracy < 1


def test_held_out_labels_are_not_learned(mixture):
    features, labels = mixture(80, gap=3)
    whole_classes = labels < 2  # nobody can name a class that was not seen
    assert choose_penalty(features, labels, [whole_classes], penalties=[1.0, 0.1], tolerance=1e-6) == (1.0, 0.0)


def test_a_tie_goes_to_the_stronger(mixture):
    features, labels = mixture(80, gap=20)
    held = torch.arange(80) % 5 == 0
    assert choose_penalty(features, labels, [held], penalties=[1e-3, 1e-2], tolerance=1e-6) == (1e-2, 1.0)


def test_without_anything_held_out_the_strongest_is_taken(mixture):
    assert choose_penalty(*mixture(8), [], penalties=[0.1, 1.0], tolerance=1e-6)[0] == 1.0
