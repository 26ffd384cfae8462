"""Average precision against scikit-learn, VOC 2007's definition by brute force, weights as repetitions, chance."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from selfsup.evaluations.metrics.average_precision import average_precision, mean_average_precision, measures
from tests.evaluations.named import named


def ranked(answers=300, share=0.2, seed=0, decimals=8):
    random = np.random.default_rng(seed)
    positive = random.random(answers) < share
    score = np.round(random.standard_normal(answers) + positive, decimals)
    return torch.from_numpy(score), torch.from_numpy(positive)


@pytest.mark.parametrize("decimals", [8, 1, 0])
@pytest.mark.parametrize("seed", range(5))
def test_the_area_is_that_of_scikit_learn_with_ties(seed, decimals):
    score, positive = ranked(seed=seed, decimals=decimals)
    expected = 100 * average_precision_score(positive.numpy(), score.numpy())
    assert average_precision(score, positive, points="all") == pytest.approx(expected)


def eleven_points(score, positive):
    """The definition: at each recall the best precision of any threshold that reaches it, 0 if none does."""
    precisions = {}
    for threshold in np.unique(score):
        answers = score >= threshold
        precisions[threshold] = (
            (positive & answers).sum() / positive.sum(),
            (positive & answers).sum() / answers.sum(),
        )
    points = [
        max([precision for recall, precision in precisions.values() if recall >= point - 1e-12], default=0.0)
        for point in np.linspace(0, 1, 11)
    ]
    return 100 * np.mean(points)


@pytest.mark.parametrize(("answers", "share"), [(300, 0.2), (60, 0.5), (10, 0.9), (40, 0.25)])
@pytest.mark.parametrize("decimals", [8, 1])
def test_the_eleven_points_of_voc_2007(answers, share, decimals):
    for seed in range(5):
        score, positive = ranked(answers, share, seed, decimals)
        expected = eleven_points(score.numpy(), positive.numpy())
        assert average_precision(score, positive, points="eleven") == pytest.approx(expected)


def test_by_hand():
    """Ranks + - + -: recalls 0.5 and 1 at precisions 1 and 2/3; six points see 1, five see 2/3."""
    score, positive = torch.tensor([4.0, 3.0, 2.0, 1.0]), torch.tensor([True, False, True, False])
    assert average_precision(score, positive, points="eleven") == pytest.approx(100 * (6 + 5 * 2 / 3) / 11)
    assert average_precision(score, positive, points="all") == pytest.approx(100 * (1 + 2 / 3) / 2)
    assert np.isnan(average_precision(score, torch.zeros(4, dtype=torch.bool), points="all"))


@pytest.mark.parametrize("points", ["eleven", "all"])
def test_a_weight_is_a_repetition_and_zero_leaves_out(points):
    score, positive = ranked(50, 0.4)
    times = torch.from_numpy(np.random.default_rng(3).integers(0, 4, 50))
    repeated = average_precision(score.repeat_interleave(times), positive.repeat_interleave(times), points=points)
    assert average_precision(score, positive, points=points, weight=times) == pytest.approx(repeated)


def test_any_order_scores_the_share_of_positives():
    random = torch.Generator().manual_seed(0)
    score = torch.rand(20000, 3, generator=random)
    positive = torch.rand(20000, 3, generator=random) < torch.tensor([0.1, 0.3, 0.5])
    assert mean_average_precision(score, positive, points="all") == pytest.approx(30, abs=1.5)


def test_measures_name_the_classes_that_occur_and_an_image_that_does_not_count_changes_nothing():
    score = torch.rand(200, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    positive = torch.stack([score[:, 0] > 0.7, torch.arange(200) % 2 == 0, torch.zeros(200, dtype=torch.bool)], 1)
    counted = torch.ones_like(positive)
    found = named(measures(score, positive, ["a", "b", "c"], points="all", counted=counted))
    assert found.keys() == {"map", "ap/a", "ap/b"}
    assert found["ap/a"].value == pytest.approx(100)
    assert found["map"].boot_low < found["map"].value < found["map"].boot_high
    counted[:50, 1] = False
    found = named(measures(score, positive, ["a", "b", "c"], points="all", counted=counted))
    expected = 100 * average_precision_score(positive[50:, 1].numpy(), score[50:, 1].numpy())
    assert found["ap/b"].value == pytest.approx(expected)
