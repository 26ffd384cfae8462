import numpy as np
import pytest

from selfsup.datasets.content.photometric import photometric


def image() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.3, 0.7, (3, 16, 16)).astype(np.float32)


def test_nothing_changes_at_no_strength() -> None:
    same = photometric(image(), np.random.default_rng(1), strength=0.0, noise=0.0)
    assert same.dtype == np.float32
    assert np.allclose(same, image(), atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_light_changes_each_colour_by_a_line_and_moves_nothing(seed: int) -> None:
    changed = photometric(image(), np.random.default_rng(seed), strength=0.3, noise=0.0)
    inside = (changed > 0) & (changed < 1)
    for before, after, free in zip(image(), changed, inside, strict=True):
        slope, shift = np.polyfit(before[free], after[free], 1)
        assert np.exp(-0.6) < slope < np.exp(0.6)
        assert np.abs(slope * before[free] + shift - after[free]).max() < 1e-5


def test_noise_is_bounded_and_everything_stays_in_the_range() -> None:
    changes = [
        photometric(image(), np.random.default_rng(seed), strength=0.0, noise=0.1) - image() for seed in range(40)
    ]
    spread = np.std(changes, axis=(1, 2, 3))
    assert spread.min() < 0.02
    assert 0.07 < spread.max() < 0.11
    hard = photometric(image(), np.random.default_rng(0), strength=3.0, noise=0.5)
    assert (hard.min(), hard.max()) == (0, 1)
