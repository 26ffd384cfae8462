"""Centroids of colour: k-means on hand-made colours, and against scikit-learn on random ones."""

import pytest
import torch
from sklearn.cluster import KMeans

from selfsup.errors import InputError
from selfsup.seeds import generator
from selfsup.tables.colour_centroids import initial_centroids, make, nearest_centroid, sample_colours, update_centroids
from selfsup.views.lab import rgb_to_lab

KEYS = {"centroids": 3, "sampled_colours": 500, "iterations": 50, "seed": 0}
COLOURS = torch.tensor([[255, 0, 0], [0, 160, 0], [30, 30, 220]], dtype=torch.uint8)


def clips():
    """Two clips of two frames, each pixel one of three colours."""
    index = torch.randint(0, 3, (2, 2, 8, 8), generator=generator(0, "clips"))
    return COLOURS[index].movedim(-1, 2).contiguous()


def test_three_colours_are_their_own_centroids():
    table = make(clips=clips(), **KEYS)
    expected = rgb_to_lab(COLOURS.float()[:, :, None, None] / 255)[:, 1:, 0, 0]
    found, wanted = (rows[rows[:, 0].argsort()] for rows in (table["centroids"], expected))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-3)
    assert float(table["mean_ab_error"]) < 1e-3


def test_the_seed_decides_and_rows_do_not_move():
    table, again = make(clips=clips(), **KEYS), make(clips=clips(), **KEYS)
    assert torch.equal(table["centroids"], again["centroids"])


def test_is_as_good_as_scikit_learn():
    noise = torch.randint(0, 256, (4, 3, 3, 16, 16), dtype=torch.uint8, generator=generator(1, "noise"))
    keys = {"centroids": 8, "sampled_colours": 2000, "iterations": 200, "seed": 3}
    centres = make(clips=noise, **keys)["centroids"]
    colours = sample_colours(noise, 2000, generator(3, "colour_centroids"))
    ours = (colours - centres[nearest_centroid(colours, centres)]).square().sum()
    theirs = KMeans(8, n_init=1, random_state=0).fit(colours.numpy()).inertia_
    assert ours < 1.1 * theirs
    moved = update_centroids(colours, nearest_centroid(colours, centres), centres)
    assert torch.equal(moved, centres)  # converged


def test_initial_centroids_are_far_apart():
    colours = torch.cat([torch.zeros(500, 2), torch.full((2, 2), 60.0), torch.tensor([[-60.0, 60.0]])])
    centroids = initial_centroids(colours, 3, generator(0, "spread"))
    assert len(torch.unique(centroids, dim=0)) == 3


def test_a_centre_without_colours_does_not_move():
    colours, centres = torch.tensor([[0.0, 2.0], [0.0, 4.0]]), torch.tensor([[0.0, 0.0], [90.0, 90.0]])
    assert update_centroids(colours, nearest_centroid(colours, centres), centres).tolist() == [[0.0, 3.0], [90.0, 90.0]]


def test_too_few_colours_are_refused():
    with pytest.raises(InputError, match=r"table\.centroids is 4"):
        make(clips=clips(), **{**KEYS, "centroids": 4})
