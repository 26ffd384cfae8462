"""The table of ab bins: what it holds, and that its weights are of mean 1."""

import pytest
import torch

from selfsup.errors import InputError
from selfsup.tables.ab_bins import make

KEYS = {"spacing": 10.0, "smoothing_sigma": 5.0, "uniform_fraction": 0.5}


def images():
    """Half grey, half of one saturated red: two bins occur."""
    image = torch.full((4, 3, 4, 4), 128, dtype=torch.uint8)
    image[2:] = torch.tensor([255, 0, 0], dtype=torch.uint8)[:, None, None]
    return image


def test_holds_bins_their_shares_and_weights():
    table = make(images=images(), **KEYS)
    assert int(table["bins"]) == len(table["centres"]) == len(table["prior"]) == len(table["weight"]) == 261
    assert int(table["bins_that_occur"]) == 2
    occurring = table["centres"][table["prior"] > 0]
    assert occurring.tolist() == [[0.0, 0.0], [80.0, 70.0]]
    assert table["prior"][table["prior"] > 0].tolist() == [0.5, 0.5]


def test_weights_are_of_mean_one_where_smoothing_moves_nothing():
    table = make(images=images(), **{**KEYS, "smoothing_sigma": 0.5})
    assert (table["prior"] * table["weight"]).sum().item() == pytest.approx(1, abs=1e-5)


def test_equal_images_equal_tables():
    first, second = make(images=images(), **KEYS), make(images=images().flip(0), **KEYS)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("fraction", [0.0, 1.5])
def test_a_fraction_without_meaning_is_named(fraction):
    with pytest.raises(InputError, match=r"table\.uniform_fraction is"):
        make(images=images(), **{**KEYS, "uniform_fraction": fraction})
