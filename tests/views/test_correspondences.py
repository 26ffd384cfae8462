"""Matches and non-matches are among what is known, and each pixel is as likely as another."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup.seeds import generator
from selfsup.views.correspondences import choose, distance_px, draw, matched_pixels


def masks(*rows):
    """Return masks (N, 2, 3) bool out of six letters each."""
    return torch.tensor([[letter == "x" for letter in row] for row in rows]).view(-1, 2, 3)


def test_sampled_pixels_are_candidates():
    among = torch.rand(5, 7, 9, generator=torch.Generator().manual_seed(0)) < 0.2
    pixel, there = choose(among, draw(5, generator(0, "v"), matches=40, non_matches=3)["object"])
    assert pixel.shape == (5, 40, 3)
    assert there.all()
    assert among.flatten()[pixel].all()
    assert torch.equal(pixel // 63, torch.arange(5)[:, None, None].expand_as(pixel))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=1, max_size=4),
    st.floats(0, 1, exclude_max=True, allow_subnormal=False),
)
def test_a_uniform_number_selects_the_pixel_of_its_rank(rows, uniform):
    """The k-th of n allowed pixels, k the whole part of n times the number; whether there is one is told image by image."""
    among = torch.tensor(rows).view(-1, 3, 4)
    pixel, there = choose(among, torch.full((len(rows), 1), uniform, dtype=torch.float64))
    for number, row in enumerate(rows):
        allowed = [place for place, allows in enumerate(row) if allows]
        assert there[number].item() == bool(allowed)
        if allowed:
            assert pixel[number].item() == 12 * number + allowed[min(int(uniform * len(allowed)), len(allowed) - 1)]


def test_uniform_numbers_select_pixels_in_order():
    pixel, there = choose(masks(".x.xx.", "x....."), torch.tensor([[0.0, 0.34, 0.99], [0.0, 0.5, 0.999]]))
    assert pixel.tolist() == [[1, 3, 4], [6, 6, 6]]
    assert there.tolist() == [[True], [True]]


def test_images_without_candidates_are_marked():
    pixel, there = choose(masks("......", "..x..."), torch.full((2, 4), 0.7))
    assert there.tolist() == [[False], [True]]
    assert pixel[1].tolist() == [8] * 4
    assert ((pixel >= 0) & (pixel < 12)).all()


def test_every_pixel_is_equally_likely():
    among = masks(".xxx.x")
    uniform = torch.rand(1, 20000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    counts = torch.bincount(choose(among, uniform)[0][0], minlength=6)
    assert counts[~among.flatten()].sum() == 0
    assert torch.allclose(counts[among.flatten()] / 20000, torch.tensor(0.25), atol=0.015)


def test_matches_are_the_pixels_that_contain_them():
    match = torch.full((2, 2, 3, 2), torch.nan)
    match[0, 0, 1] = torch.tensor([2.9, 1.2])  # x in the third column, y in the second row
    match[1, 1, 0] = torch.tensor([0.0, 0.99])
    pixel, known = matched_pixels(match)
    assert known.nonzero().tolist() == [[0, 0, 1], [1, 1, 0]]
    assert pixel[known].tolist() == [5, 6]


@pytest.mark.parametrize(("pixel", "other", "expected"), [(0, 0, 0), (1, 8, 2**0.5), (13, 18, 2**0.5), (6, 4, 17**0.5)])
def test_distance_is_euclidean_on_the_grid(pixel, other, expected):
    """Of images of 6 columns: 13 is column 1 of row 2, 18 column 0 of row 3."""
    found = distance_px(torch.tensor([pixel]), torch.tensor([other]), width=6)
    assert found.item() == pytest.approx(expected)


def test_draws_are_rows_on_the_cpu_and_the_seed_decides():
    first, again, other = (draw(3, generator(seed, "v"), matches=4, non_matches=5) for seed in (0, 0, 1))
    assert {name: tuple(rows.shape) for name, rows in first.items()} == {
        "match": (3, 4),
        **dict.fromkeys(("object", "background", "across"), (3, 4, 5)),
    }
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)
