"""Selection of the penalty: by held-out accuracy, ties to the stronger, weaker ones only while they help."""

from types import SimpleNamespace

import pytest
import torch

from selfsup.evaluations.solvers import probes
from selfsup.evaluations.solvers.probes import rescale, select_penalty, standardise
from selfsup.evaluations.solvers.splits import held_out


def test_neither_over_nor_underfitting_wins(mixture):
    features, labels = mixture(600, dimensions=50, gap=0.25)
    kept = (labels == 0) | (torch.arange(600) % 3 == 0)  # one class is frequent: the bias alone is right half the time
    held = held_out(labels[kept], 0.5, 0, "test")
    chosen, accuracy, _ = select_penalty(
        features[kept], labels[kept], [held], penalties=[1e-6, 1e-1, 1e3], tolerance=1e-6
    )
    assert chosen == 1e-1
    assert 0.55 < accuracy < 1


def test_held_out_labels_are_not_learned(mixture):
    features, labels = mixture(80, gap=3)
    whole_classes = labels < 2  # classes without a training example cannot be predicted
    assert select_penalty(features, labels, [whole_classes], penalties=[1.0, 0.1], tolerance=1e-6)[:2] == (1.0, 0.0)


def test_a_tie_goes_to_the_stronger_penalty(mixture):
    features, labels = mixture(80, gap=20)
    held = torch.arange(80) % 5 == 0
    assert select_penalty(features, labels, [held], penalties=[1e-3, 1e-2], tolerance=1e-6)[:2] == (1e-2, 1.0)


def test_without_held_out_examples_the_strongest_is_taken(mixture):
    assert select_penalty(*mixture(8), [], penalties=[0.1, 1.0], tolerance=1e-6)[0] == 1.0


@pytest.fixture
def held_out_accuracies(monkeypatch):
    """Lets a path of penalties have these accuracies on 100 held-out examples; returns the penalties that were fitted."""
    fitted = []

    def of(*accuracies):
        def path(features, labels, *, penalties, tolerance, coarse):
            for penalty, accuracy in zip(penalties, [*accuracies, *[accuracies[-1]] * 20], strict=False):
                fitted.append(penalty)
                yield SimpleNamespace(
                    penalty=penalty, predict=lambda x, right=accuracy: (torch.arange(100) >= right).long()
                )

        monkeypatch.setattr(probes, "path", path)
        return fitted

    return of


HALF = {"features": torch.zeros(200, 1), "labels": torch.zeros(200).long(), "held_out": [torch.arange(200) < 100]}
KEYS = {"penalties": [0.1, 0.03, 0.01, 0.003, 0.001], "tolerance": 1e-6}


@pytest.mark.parametrize(
    ("accuracies", "chosen", "fits"),
    [
        ([50, 60, 55, 54, 90], 0.03, 4),  # two in a row are worse: the fifth is not tried
        ([60, 55, 61, 54, 53], 0.01, 5),  # one alone does not end it
        ([60, 55, 60, 54, 53], 0.1, 5),  # as good as the best is not worse
        ([60, 55, 60, 54, 61, 55], 0.001, 6),
        ([10, 20, 30, 40, 50, 49], 0.001, 6),  # the weakest was the best: one weaker is tried
        ([10, 20, 30, 40, 50, 60, 55], 0.001 / 10**0.5, 7),
        ([10, 20, 30, 40, 50, 50], 0.001, 6),  # a tie goes to the stronger
        ([10, 20, 30, 40, 50, 60, 61, 62, 63, 64, 65, 66], 1e-6, 11),  # to the floor and no further
    ],
)
def test_a_path_goes_on_while_the_weakest_is_the_best_and_ends_when_it_falls(
    held_out_accuracies, accuracies, chosen, fits
):
    fitted = held_out_accuracies(*accuracies)
    penalty, accuracy, fit = select_penalty(**HALF, **KEYS)
    assert penalty == pytest.approx(chosen)
    assert fit.penalty == penalty  # where the final fit starts
    assert accuracy == pytest.approx(accuracies[min(fitted.index(penalty), len(accuracies) - 1)] / 100)
    assert len(fitted) == fits


def test_the_floor_is_a_key(held_out_accuracies):
    fitted = held_out_accuracies(10, 20, 30, 40, 50, 60, 70)
    assert select_penalty(**HALF, **KEYS, penalty_floor=1e-4)[0] == pytest.approx(1e-4)
    assert len(fitted) == 7


def test_one_scale_keeps_the_shares_of_the_features_and_standardising_does_not(mixture):
    train, _ = mixture(200)
    train = train * torch.tensor([10.0, *[1.0] * 11]) + 3
    test = train[:50] + 1
    scaled, scaled_test = rescale(train, test)
    assert scaled.square().mean().item() == pytest.approx(1)
    ratio = train / scaled
    assert torch.allclose(ratio, ratio[0, 0].expand_as(ratio))
    assert torch.allclose(test / scaled_test, ratio[0, 0].expand_as(test))
    assert torch.allclose(standardise(train, test)[0].std(0, correction=0), torch.ones(12, dtype=torch.float64))
    assert torch.equal(rescale(torch.zeros(3, 2), torch.zeros(1, 2))[0], torch.zeros(3, 2, dtype=torch.float64))
